import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { databases } from '../../support/database/databases.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

// `KMS` is a small key management service: it uses AES-256-GCM with a key from a file beside it, and authenticates the context.
// It records each request and the names in its environment.
const KMS = `
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
const here = import.meta.dirname
const keyFile = here + '/' + process.argv[2]
if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(32), { mode: 0o600 })
const key = readFileSync(keyFile)
let text = ''
for await (const chunk of process.stdin) text += chunk
const { op, context, data } = JSON.parse(text)
appendFileSync(here + '/asked', JSON.stringify({ op, context, env: Object.keys(process.env) }) + '\\n')
const answer = (object) => console.log(JSON.stringify(object))
if (op === 'info') answer({ kek_id: 'kek_' + createHash('sha256').update(key).digest('hex').slice(0, 16) })
const aad = Buffer.from(JSON.stringify([context?.install, context?.term]))
if (op === 'wrap') {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad)
  const sealed = Buffer.concat([cipher.update(data, 'base64'), cipher.final()])
  answer({ data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64') })
}
if (op === 'unwrap') {
  const bytes = Buffer.from(data, 'base64')
  const open = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
  open.setAAD(aad).setAuthTag(bytes.subarray(-16))
  answer({ data: Buffer.concat([open.update(bytes.subarray(12, -16)), open.final()]).toString('base64') })
}
`

for (const database of databases)
  describe(`key command (${database})`, () => {
    test(`key command: what it wraps opens again after a restart, and only with its key (${database})`, async (t) => {
      const workspace = await openWorkspace(database)
      t.after(workspace.remove)
      const kms = join(workspace.directory, 'kms.mjs')
      writeFileSync(kms, KMS)
      const settings = (key: string) => ({
        HAWSER_KEK_COMMAND: JSON.stringify([process.execPath, kms, key]),
      })
      const first = await workspace.serve(settings('one'))
      assert.doesNotMatch(first.stdout(), /Back it up/, 'there is no key file to speak of')
      const { production: key } = requireFirstKeys(first.stdout())
      const body = { nickname: 'n', username: 'u', password: 'p' }
      const made = await first.request('POST', '/v1/connections/carriers/stamps_com', { key, body })
      assert.equal(made.status, 200)
      const path = `/v1/connections/carriers/stamps_com/${made.json.carrier_id}`
      assert.equal((await first.stop()).code, 0)

      const second = await workspace.serve(settings('one'))
      const state = await second.request('GET', path, { key })
      assert.deepEqual(state.json.fields.password, { set: true, secret: true })
      assert.equal((await second.stop()).code, 0)
      assert.equal(existsSync(workspace.keyFile), false)
      const beside = ['asked', 'kms.mjs', 'one', ...(database === 'sqlite' ? ['data'] : [])].sort()
      assert.deepEqual(readdirSync(workspace.directory).sort(), beside, 'no key file is made')

      const asked = readFileSync(join(workspace.directory, 'asked'), 'utf8').trim().split('\n')
      const questions = asked.map((line) => JSON.parse(line) as { op: string; context: any; env: string[] })
      const ops = questions.map(({ op }) => op)
      assert.deepEqual([...new Set(ops)].sort(), ['info', 'unwrap', 'wrap'])
      assert.equal(ops.filter((op) => op === 'wrap').length, 1, 'one data key was made')
      for (const { op, context, env } of questions) {
        if (op !== 'info') assert.match(context.install, /^inst_[0-9a-f]{20}$/)
        if (op !== 'info') assert.equal(context.term, 1)
        assert.ok(!env.includes('HAWSER_DATABASE_URL') && !env.includes('HAWSER_KEK'))
      }
      assert.ok(questions[0]?.env.includes('HAWSER_KEK_COMMAND'), 'the control: its environment was seen')

      const other = await workspace.run(['serve'], settings('two'))
      assert.equal(other.code, 78)
      const ids = [...other.stderr.matchAll(/kek_[0-9a-f]{16}/g)].map(([id]) => id)
      assert.equal(new Set(ids).size, 2, `the needed key and the given one are named: ${other.stderr}`)
    })
  })
