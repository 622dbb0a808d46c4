import { getErasureStatus, type ErasureStatus } from '../../connections/deletes/erasure-status.ts'
import type { CommandCall } from '../command.ts'
import { withContext } from '../with-context.ts'

const NAMES = { deleted: 'deleted connections', previous: 'earlier credentials' } as const

/** Prints how much is still to be erased, and what the files of the database do with the bytes of removed rows; returns 1 where something is late. */
export async function status({ env, values, print }: CommandCall<{ json?: boolean }>): Promise<number> {
  const found = await withContext(env, getErasureStatus)
  const { kinds, isLate, files } = found
  if (values.json)
    print(
      JSON.stringify({
        deleted_connections: kinds.deleted,
        earlier_credentials: kinds.previous,
        late: isLate,
        files,
      }),
    )
  else {
    for (const kind of ['deleted', 'previous'] as const) {
      const { kept, overdue, next } = kinds[kind]
      print(`${NAMES[kind]}: ${kept} kept, ${overdue} overdue, next ${next ?? '-'}`)
    }
    describe(files).forEach(print)
    if (isLate) print('Something is overdue by more than 10 minutes: is a server running?')
  }
  return isLate ? 1 : 0
}

function describe(files: ErasureStatus['files']): string[] {
  if (files.dialect === 'sqlite') {
    const { logBytes, secureDelete } = files
    const log = logBytes === 0 ? 'the log is empty' : `${logBytes} bytes wait in the log`
    return [
      `SQLite: secure_delete ${secureDelete ? 'on' : 'off'}, ${log}`,
      '  removed rows are overwritten in place; copies that SQLite left where it moved rows stay, sealed',
    ]
  }
  return [
    files.mayVacuum
      ? 'PostgreSQL: the server vacuums these tables after it has written'
      : 'PostgreSQL: the role of the URL may not vacuum these tables; it is left to autovacuum',
    ...files.tables.map(
      ({ table, deadRows, vacuumedAt }) =>
        `  ${table.padEnd(21)} ${deadRows} dead rows, vacuumed ${vacuumedAt ?? 'never'}`,
    ),
  ]
}
