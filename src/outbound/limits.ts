/** What a call may take, in milliseconds, bytes and numbers of calls. */
export const LIMITS = {
  /** Finding the address, connecting and agreeing on TLS. */
  connectMs: 3_000,
  headersMs: 10_000,
  /** Everything, waiting for a turn included. */
  totalMs: 15_000,
  headerBytes: 16_384,
  bodyBytes: 262_144,
  /** What is read of a receiver's answer before it is dropped. */
  receiptBytes: 16_384,
  receiptMs: 1_000,
  /** Failures are told on the next multiple of this, so that no time tells what is blocked. */
  stepMs: 250,
  perKey: 8,
  overall: 64,
  queue: 128,
  failures: 5,
  openMs: 30_000,
  ports: [443, 8443] as readonly number[],
}

export type Limits = Readonly<typeof LIMITS>
