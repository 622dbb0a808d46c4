import type { DatabaseFault } from '../db.ts'

/** A schema part is one table, column, index or the like; `definition` is the SQL statement that creates the part or, for a column, the column's type. */
export type SchemaPart = {
  kind:
    | 'table'
    | 'column'
    | 'constraint'
    | 'index'
    | 'trigger'
    | 'function'
    | 'row-level security'
    | 'policy'
    | 'rights'
  /** `table` names the table that the part belongs to; it is empty for a function. */
  table: string
  name: string
  definition: string
}

/** An additional part of these kinds is a fault, and so is an additional unique index; any other additional index, table or function does not change the program's behaviour. */
const ONLY_OURS: ReadonlySet<SchemaPart['kind']> = new Set(['column', 'constraint', 'trigger', 'policy'])

const keyOf = ({ kind, table, name }: SchemaPart) => `${kind} ${table} ${name}`

/**
 * Compares the schema of a database with the schema that the migrations make, part by part.
 * For a missing table, no fault of its columns and indexes is reported; tables that no migration makes are ignored.
 */
export function compareSchemas(
  expected: readonly SchemaPart[],
  found: readonly SchemaPart[],
): DatabaseFault[] {
  const there = new Map(found.map((part) => [keyOf(part), part]))
  const known = new Set(expected.map(keyOf))
  const tables = new Set(expected.filter(({ kind }) => kind === 'table').map(({ name }) => name))
  const isGone = (table: string) => tables.has(table) && !there.has(`table ${table} ${table}`)
  const missing = expected.flatMap((part) => {
    if (part.kind !== 'table' && isGone(part.table)) return []
    const other = there.get(keyOf(part))
    if (!other) return [describeMissing(part)]
    return other.definition === part.definition ? [] : [describeChanged(part)]
  })
  const foreign = found.filter(
    (part) =>
      tables.has(part.table) && !known.has(keyOf(part)) && (ONLY_OURS.has(part.kind) || isUnique(part)),
  )
  return [...missing, ...foreign.map(describeForeign)]
}

const isUnique = ({ kind, definition }: SchemaPart) => kind === 'index' && /^create unique /i.test(definition)

/** Names a schema part with words that fit into a sentence. */
function nameOf({ kind, table, name }: SchemaPart): string {
  if (kind === 'table') return `the table ${name}`
  if (kind === 'column') return `the column ${name} of ${table}`
  if (kind === 'function') return `the function ${name}`
  if (kind === 'row-level security') return `row-level security of ${table}`
  if (kind === 'rights') return `the rights of ${name} on ${table}`
  return `the ${kind} ${name} on ${table}`
}

const RESTORE = 'Restore the database from a backup'

function describeMissing(part: SchemaPart): DatabaseFault {
  const isLost = part.kind === 'table' || part.kind === 'column'
  return {
    kind: 'schema',
    isReadable: !isLost,
    what: `${nameOf(part)} ${part.kind === 'rights' ? 'are' : 'is'} missing`,
    remedy: isLost ? `${RESTORE}: what stood there is gone.` : putBack(part),
  }
}

function describeChanged(part: SchemaPart): DatabaseFault {
  const isPlain = part.kind === 'table' || part.kind === 'column'
  return {
    kind: 'schema',
    isReadable: true,
    what: `${nameOf(part)} ${part.kind === 'rights' ? 'are' : 'is'} not as the migrations of Hawser make ${part.kind === 'rights' ? 'them' : 'it'}`,
    remedy: isPlain
      ? `It should be: ${part.definition}. Alter it so, or ${RESTORE.toLowerCase()}.`
      : putBack(part),
  }
}

function describeForeign(part: SchemaPart): DatabaseFault {
  return {
    kind: 'schema',
    isReadable: true,
    what: `${nameOf(part)} is there, and no migration of Hawser made it: it can change or refuse what is written`,
    remedy: `Where nobody of yours made it, find out who did; then drop it.`,
  }
}

/** `TAKE_AWAY` writes the statement that removes a differing part of a kind, so that the right part can be created. */
const TAKE_AWAY: Partial<Record<SchemaPart['kind'], (part: SchemaPart) => string>> = {
  constraint: ({ table, name }) => `alter table ${table} drop constraint if exists ${name}; `,
  index: ({ name }) => `drop index if exists ${name}; `,
  policy: ({ table, name }) => `drop policy if exists ${name} on ${table}; `,
  rights: ({ table, name }) => `revoke all on ${table} from ${name}; `,
}

function putBack(part: SchemaPart): string {
  const before = TAKE_AWAY[part.kind]?.(part) ?? ''
  const trigger = part.kind === 'trigger' ? dropTrigger(part) : ''
  return `Where no update of Hawser is under way, as the owner of the database run: ${trigger}${before}${part.definition}`
}

const dropTrigger = ({ table, name, definition }: SchemaPart) =>
  /execute function/i.test(definition)
    ? `drop trigger if exists ${name} on ${table}; `
    : `drop trigger if exists ${name}; `
