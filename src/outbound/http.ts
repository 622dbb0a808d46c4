import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Reply } from '../catalog/verification.ts'
import type { Log } from '../log.ts'
import { createGuard } from './addresses.ts'
import { openBreakers, openBulkhead } from './bulkhead.ts'
import { openDeadlines, putInTurn, type Deadline } from './deadlines.ts'
import { parseDestination, type DestinationRules } from './destination.ts'
import {
  discard,
  exchange,
  readText,
  trust,
  type OutboundAnswer,
  type OutboundLine,
  type SentRequest,
} from './exchange.ts'
import { LIMITS, type OutboundLimits } from './limits.ts'
import { receiverRules, type ReceiverSettings } from './receiver-addresses.ts'
import { resolveByMachine, resolverForReceivers, shareLookups, type Resolve } from './lookup.ts'
import { Unreachable, reasonOf } from './unreachable.ts'

export type OutboundOptions = ReceiverSettings &
  Readonly<{
    /** `overrides` gives by host name of a carrier the origin that the carrier's calls go to instead; the path and the `Host` header stay. */
    overrides: ReadonlyMap<string, string>
    /** `ca` holds certificates in PEM that are trusted besides the usual ones. */
    ca?: string | undefined
    log: Log
    limits?: Partial<OutboundLimits>
    /** `resolve` looks up the names of carriers, and of receivers too where there is no `resolveReceiver`. */
    resolve?: Resolve
    resolveReceiver?: Resolve
  }>

/** A delivery is one message to a receiver, with the tenant that it belongs to; `body` is sent byte for byte in UTF-8. */
export type Delivery = Readonly<{
  tenantId: string
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}>

/** A receipt is the answer of a receiver; `retryAfter` is in seconds. */
export type Receipt = Readonly<{ status: number; retryAfter?: number }>

/** `Outbound` makes all calls to other servers. It rejects only with `Unreachable`. */
export type Outbound = Readonly<{
  /** Sends one call to a carrier, only to a host of the list and never twice; `mostMs` may shorten the call's time. */
  ask: (
    carrierId: string,
    hosts: readonly string[],
    call: Call,
    options?: { mostMs?: number | undefined },
  ) => Promise<Reply>
  /** Sends one message to any public https host; overrides do not apply, because they are for carriers. */
  deliver: (delivery: Delivery) => Promise<Receipt>
  /** Says whether the host name of a receiver leads only to allowed addresses at the moment; nothing is sent. */
  leadsOut: (url: string) => Promise<boolean>
  /** Ends all calls under way, which then reject with the reason `refused`, and resolves when no connection is left. */
  close: () => Promise<void>
}>

/** Makes the object that calls other servers; no connection is made to an address that is neither public nor allowed by the operator. */
export function openOutbound(options: OutboundOptions): Outbound {
  const { log, overrides } = options
  const limits: OutboundLimits = { ...LIMITS, ...options.limits }
  const line: OutboundLine = {
    limits,
    resolve: shareLookups(options.resolve ?? resolveByMachine),
    trusted: trust(options.ca),
  }
  const lineToReceivers: OutboundLine = {
    ...line,
    resolve: options.resolveReceiver ?? options.resolve ?? resolverForReceivers(),
  }
  const rules: DestinationRules = { overrides, ports: limits.ports, isOpen: createGuard(options.allow) }
  const forDeliveries = receiverRules(options, { ports: limits.ports })
  // Deliveries have their own bulkhead, because tenants choose the receivers, and a slow receiver must not hold up calls to carriers.
  const calls = openBulkhead(limits)
  const deliveries = openBulkhead(limits)
  const breakers = openBreakers(limits)
  const { within, close } = openDeadlines(limits.totalMs)

  const ask: Outbound['ask'] = async (carrierId, hosts, call, { mostMs } = {}) => {
    const to = parseDestination(call.url, rules)
    if (!hosts.includes(to.name)) throw new Unreachable('blocked')
    const read = async (answer: OutboundAnswer) => {
      const body = await readText(answer, limits.bodyBytes)
      return { status: answer.status, headers: answer.headers, body }
    }
    const put = (signal: AbortSignal) => exchange(line, to, { sent: call, signal, read })
    const askWithin = (deadline: Deadline) => {
      const work = () => putInTurn(deadline, limits.headersMs, put)
      return calls(carrierId, () => breakers(to.host, work), deadline.signal)
    }
    return within(askWithin, { mostMs })
  }

  const deliver = async ({ tenantId, url, headers, body }: Delivery): Promise<Receipt> => {
    const to = parseDestination(url, forDeliveries)
    const sent: SentRequest = { method: 'POST', headers, body }
    const read = async (answer: OutboundAnswer): Promise<Receipt> => {
      await discard(answer, limits.receiptBytes, limits.receiptMs)
      const retryAfter = secondsIn(answer.headers['retry-after'])
      return { status: answer.status, ...(retryAfter !== undefined && { retryAfter }) }
    }
    const put = (signal: AbortSignal) => exchange(lineToReceivers, to, { sent, signal, read })
    // Tenants may share a host. Each tenant has its own limit for a host and no breaker, so that one tenant's slow receiver does not affect another tenant.
    return within((deadline) =>
      deliveries(`${tenantId} ${to.name}`, () => putInTurn(deadline, limits.headersMs, put), deadline.signal),
    )
  }

  const leadsOut = async (url: string): Promise<boolean> => {
    const to = parseDestination(url, forDeliveries)
    const { hostname } = new URL(to.origin)
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return true
    const found = await Promise.race([
      lineToReceivers.resolve(hostname),
      sleep(limits.connectMs, [], { ref: false }),
    ])
    return found.length > 0 && found.every(({ address }) => to.isOpen(address))
  }
  const inStep = async (work: Promise<boolean>): Promise<boolean> => {
    const began = performance.now()
    const answer = await work.catch(() => false)
    const ms = Math.round(performance.now() - began)
    if (!answer) await sleep(limits.stepMs - (ms % limits.stepMs))
    return answer
  }

  const told = tellerFor(log, limits.stepMs)
  return {
    ask: (carrierId, hosts, call, callOptions) =>
      told({ carrier: carrierId }, () => ask(carrierId, hosts, call, callOptions)),
    deliver: (delivery) => told({ webhook: true }, () => deliver(delivery)),
    leadsOut: (url) => inStep(leadsOut(url)),
    close,
  }
}

/** Makes a function that runs a call and writes one line to the log, without any of the sent or received content. A failure is reported only at the next multiple of `stepMs`. */
function tellerFor(log: Log, stepMs: number) {
  return async <T extends { status: number }>(who: object, work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const ms = () => Math.round(performance.now() - began)
    try {
      const result = await work()
      log.debug({ ...who, status: result.status, ms: ms() }, 'outbound')
      return result
    } catch (error) {
      const reason = reasonOf(error, { connected: true })
      log.debug({ ...who, reason, ms: ms() }, 'outbound')
      if (reason !== 'busy' && reason !== 'breaker_open') await sleep(stepMs - (ms() % stepMs))
      throw new Unreachable(reason)
    }
  }
}

const LONGEST_WAIT = 86_400

function secondsIn(retryAfter = ''): number | undefined {
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000)
  return seconds > 0 ? Math.min(seconds, LONGEST_WAIT) : undefined
}
