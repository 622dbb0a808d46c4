import type { Context } from '../../context.ts'

const underWay = new WeakMap<Context, Map<string, Promise<unknown>>>()

function ongoingCalls(ctx: Context): Map<string, Promise<unknown>> {
  const calls = underWay.get(ctx) ?? new Map<string, Promise<unknown>>()
  underWay.set(ctx, calls)
  return calls
}

/** Runs `work` once at a time in this process: a caller who comes while work of this name is running gets the result of that run. */
export function join<T>(ctx: Context, name: string, work: () => Promise<T>): Promise<T> {
  const calls = ongoingCalls(ctx)
  const running = calls.get(name)
  if (running) return running as Promise<T>
  const call = work().finally(() => calls.delete(name))
  calls.set(name, call)
  return call
}

/** Runs `work` once at a time in this process: callers who come while work of this name is running wait together for the next run, so that no result is older than its call. */
export function joinNext<T>(ctx: Context, name: string, work: () => Promise<T>): Promise<T> {
  const calls = ongoingCalls(ctx)
  const waiting = calls.get(`${name} next`)
  if (waiting) return waiting as Promise<T>
  const running = calls.get(name)
  if (!running) return join(ctx, name, work)
  const start = () => {
    calls.delete(`${name} next`)
    return join(ctx, name, work)
  }
  const next = running.then(start, start)
  calls.set(`${name} next`, next)
  return next
}
