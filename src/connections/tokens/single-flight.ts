import type { Context } from '../../context.ts'

const underWay = new WeakMap<Context, Map<string, Promise<unknown>>>()

function flightsOf(ctx: Context): Map<string, Promise<unknown>> {
  const flights = underWay.get(ctx) ?? new Map<string, Promise<unknown>>()
  underWay.set(ctx, flights)
  return flights
}

/** Runs `work` once at a time in this process: who comes while work of this name is under way gets what that comes to. */
export function join<T>(ctx: Context, name: string, work: () => Promise<T>): Promise<T> {
  const flights = flightsOf(ctx)
  const running = flights.get(name)
  if (running) return running as Promise<T>
  const flight = work().finally(() => flights.delete(name))
  flights.set(name, flight)
  return flight
}

/** The same, but who comes while it is under way waits for the next run, all together: what they get is never older than their question. */
export function joinNext<T>(ctx: Context, name: string, work: () => Promise<T>): Promise<T> {
  const flights = flightsOf(ctx)
  const waiting = flights.get(`${name} next`)
  if (waiting) return waiting as Promise<T>
  const running = flights.get(name)
  if (!running) return join(ctx, name, work)
  const start = () => {
    flights.delete(`${name} next`)
    return join(ctx, name, work)
  }
  const next = running.then(start, start)
  flights.set(`${name} next`, next)
  return next
}
