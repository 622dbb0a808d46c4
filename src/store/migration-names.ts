import { readdirSync } from 'node:fs'

/** `MIGRATION_TABLE` is the table that records the applied migrations. */
export const MIGRATION_TABLE = 'hawser_migration'

/** Lists the names of all migrations in order without loading any of them, since each migration's file carries its name. */
export function migrationNames(): string[] {
  return readdirSync(new URL('./migrations', import.meta.url))
    .map((file) => /^(\d{4}-[^.]+)\.(ts|js)$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort()
}
