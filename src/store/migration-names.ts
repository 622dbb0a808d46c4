import { readdirSync } from 'node:fs'

/** The table that records what has been applied. */
export const MIGRATION_TABLE = 'hawser_migration'

/** The names of all migrations in order, without loading one: each is a file of its name. */
export function migrationNames(): string[] {
  return readdirSync(new URL('./migrations', import.meta.url))
    .map((file) => /^(\d{4}-[^.]+)\.(ts|js)$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort()
}
