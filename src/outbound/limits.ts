/** `LIMITS` bounds each call and all calls together, in milliseconds, bytes and numbers of calls. */
export const LIMITS = {
  /** `connectMs` bounds the lookup of the address, the connection and the start of TLS together. */
  connectMs: 3_000,
  headersMs: 10_000,
  /** `totalMs` bounds the whole call, including the time in the queue. */
  totalMs: 15_000,
  headerBytes: 16_384,
  bodyBytes: 262_144,
  /** At most `receiptBytes` of a receiver's answer are read before the rest is dropped. */
  receiptBytes: 16_384,
  receiptMs: 1_000,
  /** A failure is reported at the next multiple of `stepMs`, so that its duration does not reveal whether the address is blocked. */
  stepMs: 250,
  perKey: 8,
  overall: 64,
  queue: 128,
  failures: 5,
  openMs: 30_000,
  ports: [443, 8443] as readonly number[],
}

export type OutboundLimits = Readonly<typeof LIMITS>
