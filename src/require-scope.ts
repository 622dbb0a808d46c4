import type { Actor, Permission } from './context.ts'
import { fail } from './errors.ts'

/** Refuses with 403 an actor who does not have the scope; every operation calls this function first. */
export function requireScope({ scopes }: Pick<Actor, 'scopes'>, scope: Permission): void {
  if (!scopes.has(scope)) fail('scope_missing', `The API key lacks the scope ${scope}.`)
}
