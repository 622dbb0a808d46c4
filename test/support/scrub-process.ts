import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { openSqlite } from '../../src/store/sqlite.ts'

// A process that writes bytes to a database and removes all of them: it prints what they were. With a further word it goes away without closing.
const [path = '', leave] = process.argv.slice(2)
const store = await openSqlite(path)
const gone: string[] = []
const terms: number[] = []
const write = (term: number, bytes: Buffer | undefined) =>
  store.transaction('a tenant', async (tx) => {
    await tx.deleteFrom('key_term').where('term', '=', term).execute()
    if (!bytes) return
    gone.push(bytes.toString('hex'))
    await tx
      .insertInto('key_term')
      .values({
        ...{ term, state: 'decrypt_only', kek_id: 'k', provider: 'p', wrapped: bytes, kcv: Buffer.alloc(1) },
        ...{ created_at: '', activated_at: null, retired_at: null },
      })
      .execute()
  })
for (let turn = 0; turn < (leave ? 5 : 250); turn += 1) {
  const term = 1_000 + randomInt(300)
  terms.push(term)
  await write(term, randomBytes(86 + 64 * randomInt(1, 9)))
  await pause(2)
}
if (leave === undefined) {
  for (const term of terms) await write(term, undefined)
  await store.close()
  console.log(JSON.stringify(gone))
}
