import type { ScriptedOutcome } from './scripted-carriers.ts'
import { DAY, HOUR, MINUTE } from '../clock.ts'

/** Each behaviour says what the carrier answers, by the time since the connection was made and verified; what happens once happens within 35 days. */
export const BEHAVIOURS = {
  faithful: () => 'verified',
  /** The carrier is out of order for one week. */
  long_outage: (at) => (at > 20 * DAY && at < 27 * DAY ? 'unavailable' : 'verified'),
  /** The carrier is out of order for some minutes of each hour, but never for three checks in a row. */
  hiccups: (at) => (at > HOUR && at % HOUR < 4 * MINUTE ? 'unavailable' : 'verified'),
  /** The password is changed at the carrier. */
  refused: (at) => (at > 30 * DAY ? 'invalid_credentials' : 'verified'),
  /** The carrier refuses the account when an outage ends, so that the outage is not to blame. */
  refused_after_outage: (at) =>
    at < 10 * DAY ? 'verified' : at < 14 * DAY ? 'rate_limited' : 'invalid_credentials',
  /** The API is closed to the account for five days. */
  closed: (at) => (at > 10 * DAY && at < 15 * DAY ? 'not_entitled' : 'verified'),
  /** The carrier works in one hour and fails in the next, all the time. */
  flapping: (at) => (at > DAY / 2 && at % (2 * HOUR) < HOUR ? 'unavailable' : 'verified'),
  /** The carrier answers on every other day, and its answer says nothing. */
  vague: (at) => (at > DAY / 2 && at % (2 * DAY) < DAY ? 'inconclusive' : 'verified'),
  /** The carrier stops working and does not come back. */
  dead: (at) => (at > 5 * DAY ? 'unavailable' : 'verified'),
} as const satisfies Record<string, (at: number) => ScriptedOutcome>

export type Behaviour = keyof typeof BEHAVIOURS

type Expected = {
  ends: readonly string[]
  /** This is `undefined` where the events depend on when the checks fall. */
  events?: readonly string[]
  /** This is how often the carrier may be asked at most in so many days. */
  most: (days: number) => number
  least: (days: number) => number
}

const daily = (more: number): Pick<Expected, 'most' | 'least'> => ({
  most: (days) => 2 + days / 0.9 + more,
  least: (days) => days / 1.1 - 8,
})
/** Counts the checks in an outage of so many days, which come less and less often, at last every six hours. */
const during = (days: number) => 9 + (days * 4) / 0.9

/** This is what each behaviour has to lead to. */
export const EXPECTED: Record<Behaviour, Expected> = {
  faithful: { ends: ['verified'], events: [], ...daily(0) },
  long_outage: { ends: ['verified'], events: ['degraded', 'recovered'], ...daily(during(7)) },
  hiccups: {
    ends: ['verified'],
    events: [],
    most: (days) => 2 + (days / 0.9) * 3,
    least: (days) => days / 1.1 - 8,
  },
  refused: { ends: ['needs_reauth'], events: ['needs_reauth'], most: () => 36, least: () => 27 },
  refused_after_outage: {
    ...{ ends: ['needs_reauth'], events: ['degraded', 'needs_reauth'] },
    ...{ most: () => 14 + during(4), least: () => 16 },
  },
  closed: { ends: ['verified'], events: ['needs_reauth', 'recovered'], ...daily(0) },
  // The last hour may be one in which the carrier works or one in which it fails.
  flapping: {
    ends: ['verified', 'degraded'],
    most: (days) => 2 + (days / 0.9) * 8,
    least: (days) => days / 1.1 - 8,
  },
  vague: { ends: ['verified'], events: [], ...daily(0) },
  dead: {
    ...{ ends: ['degraded'], events: ['degraded'] },
    ...{ most: (days: number) => 8 + during(days), least: (days: number) => 5 + (days - 8) * 3.5 },
  },
}

/** These are the names of all behaviours. */
export const behaviourNames = Object.keys(BEHAVIOURS) as Behaviour[]

/** An observed course is the history of a connection: its state at the end, its events, and the times when its carrier was asked. */
export type ObservedCourse = { state: string; events: string[]; asked: number[] }

/** Lists in words what differs from what a behaviour has to lead to. */
export function faultsOf(fate: Behaviour, { state, events, asked }: ObservedCourse, days: number): string[] {
  const expected = EXPECTED[fate]
  const faults: string[] = []
  if (!expected.ends.includes(state)) faults.push(`ends as ${state}`)
  // Where the events depend on the times of the checks, the two kinds of events still alternate.
  const wanted = expected.events ?? events.map((_, index) => (index % 2 === 0 ? 'degraded' : 'recovered'))
  if (events.join() !== wanted.join()) faults.push(`tells ${events.join(', ')}`)
  if (asked.length > expected.most(days)) faults.push(`is asked ${asked.length} times`)
  if (asked.length < expected.least(days)) faults.push(`is asked only ${asked.length} times`)
  return faults
}

/** Counts how many of these times lie in the busiest minute. */
export function busiestMinute(times: readonly number[]): number {
  const minutes = new Map<number, number>()
  for (const at of times) {
    const minute = Math.floor(at / MINUTE)
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
  }
  return [...minutes.values()].reduce((most, count) => Math.max(most, count), 0)
}
