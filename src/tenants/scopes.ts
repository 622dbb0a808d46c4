import type { Scope } from '../context.ts'

/** `includes` lists what each scope allows: `write` also allows reading, and `admin` allows everything except a partner's work. */
const includes: Record<Scope, readonly Scope[]> = {
  read: ['read'],
  write: ['read', 'write'],
  use: ['use'],
  admin: ['read', 'write', 'use', 'admin'],
  partner: ['partner'],
}

export const scopeNames = Object.keys(includes) as Scope[]

/** Returns everything that an API key with these scopes may do. */
export function grants(scopes: readonly Scope[]): ReadonlySet<Scope> {
  return new Set(scopes.flatMap((scope) => includes[scope]))
}

/** Reads a comma-separated list of scopes, as the database and the command line have it, and leaves out words that are not a scope. */
export function parseScopes(text: string): Scope[] {
  const given = text.split(',').map((name) => name.trim())
  return scopeNames.filter((scope) => given.includes(scope))
}
