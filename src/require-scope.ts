import type { Actor, Permission } from './context.ts'
import { fail } from './errors.ts'

/** Refuses (403) an actor who may not do what needs this scope: the first thing that every operation asks. */
export function requireScope({ scopes }: Pick<Actor, 'scopes'>, scope: Permission): void {
  if (!scopes.has(scope)) fail('scope_missing', `The API key lacks the scope ${scope}.`)
}
