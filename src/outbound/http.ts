import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Reply } from '../catalog/verification.ts'
import type { Log } from '../log.ts'
import { guardFor } from './addresses.ts'
import { openBreakers, openBulkhead } from './bulkhead.ts'
import { openDeadlines, putInTurn } from './deadlines.ts'
import { parseDestination, type Rules } from './destination.ts'
import { discard, exchange, readText, trust, type Line, type Sent } from './exchange.ts'
import { LIMITS, type Limits } from './limits.ts'
import { receiverRules, type ReceiverSettings } from './receivers.ts'
import { resolveByMachine, resolverForReceivers, sharing, type Resolve } from './lookup.ts'
import { Unreachable, reasonOf } from './unreachable.ts'

export type OutboundOptions = ReceiverSettings &
  Readonly<{
    /** By host name of a carrier, the origin that its calls go to instead; path and `Host` stay. */
    overrides: ReadonlyMap<string, string>
    /** Certificates in PEM that are trusted beside the usual ones. */
    ca?: string | undefined
    log: Log
    limits?: Partial<Limits>
    /** Finds the names of carriers; where it is given, of receivers too. */
    resolve?: Resolve
    resolveReceiver?: Resolve
  }>

/** One message to a receiver, and the tenant whom it is for; `body` is sent byte for byte, in UTF-8. */
export type Delivery = Readonly<{
  tenantId: string
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}>

/** What a receiver answered; `retryAfter` in seconds. */
export type Receipt = Readonly<{ status: number; retryAfter?: number }>

/** The way out to the world. Every rejection is an `Unreachable`. */
export type Outbound = Readonly<{
  /** Puts one call to a carrier, on a host of the list or not at all; never sends it twice. `mostMs` may shorten its time. */
  ask: (carrierId: string, hosts: readonly string[], call: Call, mostMs?: number) => Promise<Reply>
  /** Sends one message to any public https host; overrides are for carriers and have no say here. */
  deliver: (delivery: Delivery) => Promise<Receipt>
  /** Tells whether the name of a receiver leads where messages may go at the moment; nothing is sent. */
  leadsOut: (url: string) => Promise<boolean>
  /** Ends what is under way, as `refused`, and answers when no connection is left. */
  close: () => Promise<void>
}>

/** Opens the way out; no connection is made to an address that is neither public nor opened by the operator. */
export function openOutbound(options: OutboundOptions): Outbound {
  const { log, overrides } = options
  const limits: Limits = { ...LIMITS, ...options.limits }
  const line: Line = {
    limits,
    resolve: sharing(options.resolve ?? resolveByMachine),
    trusted: trust(options.ca),
  }
  const lineToReceivers: Line = {
    ...line,
    resolve: options.resolveReceiver ?? options.resolve ?? resolverForReceivers(),
  }
  const rules: Rules = { overrides, ports: limits.ports, isOpen: guardFor(options.allow) }
  const forDeliveries = receiverRules(options, limits.ports)
  // Receivers are chosen by tenants: however slow, they take no carrier's place.
  const [calls, deliveries] = [openBulkhead(limits), openBulkhead(limits)]
  const breakers = openBreakers(limits)
  const { within, close } = openDeadlines(limits.totalMs)

  const ask: Outbound['ask'] = async (carrierId, hosts, call, mostMs) => {
    const to = parseDestination(call.url, rules)
    if (!hosts.includes(to.name)) throw new Unreachable('blocked')
    const put = (signal: AbortSignal) =>
      exchange(line, to, call, signal, async (answer) => {
        const body = await readText(answer, limits.bodyBytes)
        return { status: answer.status, headers: answer.headers, body }
      })
    return within((deadline) => {
      const work = () => putInTurn(deadline, limits.headersMs, put)
      return calls(carrierId, () => breakers(to.host, work), deadline.signal)
    }, mostMs)
  }

  const deliver = async ({ tenantId, url, headers, body }: Delivery): Promise<Receipt> => {
    const to = parseDestination(url, forDeliveries)
    const sent: Sent = { method: 'POST', headers, body }
    const put = (signal: AbortSignal) =>
      exchange(lineToReceivers, to, sent, signal, async (answer) => {
        await discard(answer, limits.receiptBytes, limits.receiptMs)
        const retryAfter = secondsIn(answer.headers['retry-after'])
        return { status: answer.status, ...(retryAfter !== undefined && { retryAfter }) }
      })
    // Tenants share hosts: one that is slow or down for one of them takes no other's place, and opens no breaker.
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
    ask: (carrierId, hosts, call, mostMs) =>
      told({ carrier: carrierId }, () => ask(carrierId, hosts, call, mostMs)),
    deliver: (delivery) => told({ webhook: true }, () => deliver(delivery)),
    leadsOut: (url) => inStep(leadsOut(url)),
    close,
  }
}

/** One line in the log for each call, with nothing of what went to and fro. */
function tellerFor(log: Log, stepMs: number) {
  return async <T extends { status: number }>(who: object, work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const ms = () => Math.round(performance.now() - began)
    try {
      const result = await work()
      log.debug({ ...who, status: result.status, ms: ms() }, 'outbound')
      return result
    } catch (error) {
      const reason = reasonOf(error, true)
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
