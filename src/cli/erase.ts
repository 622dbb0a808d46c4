import { getErasureStatus, type ErasureStatus } from '../connections/erasure-status.ts'
import { readArgs, withContext, type Command } from './command.ts'

const NAMES = { buried: 'deleted connections', previous: 'earlier credentials' } as const

/** Says what is still to be erased and what removed bytes are left in the files; fails when something is late. */
export const status: Command['run'] = async ({ env, args, print }) => {
  const { values } = readArgs(args, { json: { type: 'boolean' } })
  const found = await withContext(env, getErasureStatus, { mayCreate: false })
  const { kinds, isLate, residue } = found
  if (values.json)
    print(
      JSON.stringify({
        deleted_connections: kinds.buried,
        earlier_credentials: kinds.previous,
        late: isLate,
        files: residue,
      }),
    )
  else {
    for (const kind of ['buried', 'previous'] as const) {
      const { kept, overdue, next } = kinds[kind]
      print(`${NAMES[kind]}: ${kept} kept, ${overdue} overdue, next ${next ?? '-'}`)
    }
    describe(residue).forEach(print)
    if (isLate) print('Something is overdue by more than 10 minutes: is a server running?')
  }
  return isLate ? 1 : 0
}

function describe(residue: ErasureStatus['residue']): string[] {
  if (residue.dialect === 'sqlite') {
    const { logBytes, secureDelete, clearsPages } = residue
    const log = logBytes === 0 ? 'scrubbed (the log is empty)' : `${logBytes} bytes wait in the log`
    return [
      `SQLite: ${log}, secure_delete ${secureDelete ? 'on' : 'off'}`,
      ...(clearsPages ? [] : ['  copies of moved rows stay: auto_vacuum is on, or the file is over 137 GB']),
    ]
  }
  return [
    residue.mayVacuum
      ? 'PostgreSQL: the server vacuums these tables after it has written'
      : 'PostgreSQL: the role of the URL may not vacuum these tables; it is left to autovacuum',
    ...residue.tables.map(
      ({ table, deadRows, vacuumedAt }) =>
        `  ${table.padEnd(21)} ${deadRows} dead rows, vacuumed ${vacuumedAt ?? 'never'}`,
    ),
  ]
}
