import type { Scope } from '../context.ts'

/** What each scope includes: `write` reads too, `admin` does all but what a partner does. */
const includes: Record<Scope, readonly Scope[]> = {
  read: ['read'],
  write: ['read', 'write'],
  use: ['use'],
  admin: ['read', 'write', 'use', 'admin'],
  partner: ['partner'],
}

export const scopeNames = Object.keys(includes) as Scope[]

/** Everything that a key with these scopes may do. */
export function grants(scopes: readonly Scope[]): ReadonlySet<Scope> {
  return new Set(scopes.flatMap((scope) => includes[scope]))
}

/** Reads a comma-separated list, as it is stored and as the command line takes it; leaves out what is no scope. */
export function parseScopes(text: string): Scope[] {
  const given = text.split(',').map((name) => name.trim())
  return scopeNames.filter((scope) => given.includes(scope))
}
