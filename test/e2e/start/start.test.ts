import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { firstKeys, requireFirstKeys } from '../../support/processes/first-keys.ts'
import { logLines, startProgram, waitForEnd } from '../../support/processes/run-program.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

const stampsCom = (username: string) => JSON.stringify({ nickname: 'n', username, password: 'p' })

for (const database of databases)
  describe(`start (${database})`, { concurrency: 2 }, () => {
    const workspace = async (t: TestContext, name: DatabaseName = database) => {
      const opened = await openWorkspace(name)
      t.after(opened.remove)
      return opened
    }

    test('start: the first start makes a key file of mode 0600 beside the data directory and not inside it', async (t) => {
      const { serve, directory, keyFile } = await workspace(t)
      const server = await serve()
      assert.equal(mode(keyFile), 0o600)
      assert.equal(mode(dirname(keyFile)), 0o700)
      assert.deepEqual(readdirSync(dirname(keyFile)), ['kek'], 'the key file has a directory of its own')
      const data = join(directory, 'data')
      assert.equal(existsSync(data), database === 'sqlite')
      if (database === 'sqlite') {
        assert.equal(mode(data), 0o700)
        for (const file of readdirSync(data)) {
          assert.match(file, /^hawser\.db(-wal|-shm)?$/)
          assert.equal(mode(join(data, file)), 0o600, `${file} is its owner's alone`)
        }
      }
      assert.equal((await server.stop()).code, 0)
    })

    test('start: the first start prints two keys once and a curl line that works when pasted', async (t) => {
      const { serve, directory } = await workspace(t)
      const server = await serve()
      const text = server.stdout()
      const keys = requireFirstKeys(text)
      assert.equal(text.split(keys.production).length - 1, 1)
      assert.equal(text.split(keys.sandbox).length - 1, 2, 'once in the list and once in the line to paste')
      const pasted = text.split('\n').filter((line) => line.trim().startsWith('curl '))
      assert.equal(pasted.length, 1)
      assert.match(JSON.parse(await paste(pasted[0] ?? '', directory)).carrier_id, /^se-[0-9a-v]{16}$/)
      const listed = await server.request('GET', '/v1/carriers', { key: keys.sandbox })
      assert.equal(listed.json.carriers.length, 1)
      const production = await server.request('GET', '/v1/carriers', { key: keys.production })
      assert.deepEqual(production.json.carriers, [])
    })

    test('start: a second start prints no key and no text of a first start, and the keys and data are there', async (t) => {
      const { serve } = await workspace(t)
      const first = await serve()
      const keys = requireFirstKeys(first.stdout())
      const body = { nickname: 'n', username: 'u', password: 'p' }
      const made = await first.request('POST', '/v1/connections/carriers/stamps_com', {
        key: keys.production,
        body,
      })
      assert.equal((await first.stop()).code, 0)
      const second = await serve()
      const listed = await second.request('GET', '/v1/carriers', { key: keys.production })
      assert.deepEqual(
        listed.json.carriers.map(({ carrier_id }: { carrier_id: string }) => carrier_id),
        [made.json.carrier_id],
      )
      const { code, stdout, stderr } = await second.stop()
      assert.equal(code, 0)
      assert.equal(stderr, '')
      const lines = stdout.split('\n').filter((line) => line !== '')
      assert.equal(logLines(stdout).length, lines.length, `a later start prints log lines only:\n${stdout}`)
      assert.ok(!showsKey(stdout, keys))
      assert.ok(showsKey(`${stdout} ${keys.sandbox.slice(20, 50)}`, keys), 'the control must be seen')
    })

    test('start: no line of the log contains a key, at the most talkative level', async (t) => {
      const { serve } = await workspace(t)
      const server = await serve({ HAWSER_LOG_LEVEL: 'trace' })
      const keys = requireFirstKeys(server.stdout())
      const { production: key, sandbox } = keys
      await server.request('GET', '/v1/carriers', { key })
      await server.request('GET', `/v1/carriers?api_key=${sandbox}`, { key: `${key}x` })
      await server.request('GET', `/v1/${key}`, { key, headers: { 'if-match': sandbox, 'user-agent': key } })
      await server.request('PUT', `/v1/connections/carriers/${key}/${sandbox}`, {
        key,
        body: { [sandbox]: key },
      })
      const { stdout, stderr } = await server.stop()
      const lines = logLines(stdout)
      const logged = JSON.stringify(lines) + stderr
      assert.equal(lines.filter(({ route }) => route !== undefined).length, 4, 'each request has its line')
      assert.ok(logged.includes(keyId(key)), 'the log says which key asked')
      assert.ok(!showsKey(logged, keys))
      assert.ok(showsKey(stdout, keys), 'the control, the text for the terminal, must be seen')
    })

    test('start: health and readiness need no key', async (t) => {
      const server = await (await workspace(t)).serve()
      for (const path of ['/healthz', '/readyz']) {
        const { status, json } = await server.request('GET', path)
        assert.deepEqual({ status, json }, { status: 200, json: { status: 'ok' } })
      }
      assert.equal((await server.request('GET', '/v1/carriers')).status, 401, 'anything else needs one')
    })

    test('stop: SIGTERM lets a request that is still arriving be answered, takes no new one, and exits 0', async (t) => {
      const { serve } = await workspace(t)
      const server = await serve()
      const { production: key } = requireFirstKeys(server.stdout())
      const body = stampsCom('slow')
      const slow = await openSocket(server)
      slow.socket.write(
        `POST /v1/connections/carriers/stamps_com HTTP/1.1\r\nhost: x\r\napi-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
      )
      await pause(150)
      const stopped = server.stop()
      while (!server.stdout().includes('"stopping"')) await pause(5)
      await pause(100)
      await assert.rejects(server.request('GET', '/healthz'), 'a new connection is refused')
      assert.ok(server.isAlive(), 'the server waits for the request')
      slow.socket.write(body.slice(20))
      await slow.ended
      assert.match(slow.received(), /^HTTP\/1\.1 200 OK\r\n/)
      assert.match(slow.received(), /\{"carrier_id":"se-[0-9a-v]{16}"\}$/)
      const { code, signal } = await stopped
      assert.deepEqual({ code, signal }, { code: 0, signal: null })

      const again = await serve()
      const listed = await again.request('GET', '/v1/carriers', { key })
      assert.equal(listed.json.carriers[0].account_number, 'slow', 'what was answered is stored')
    })

    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      test(`stop: ${signal} ends a server with an open keep-alive connection at once, with 0`, async (t) => {
        const { serve } = await workspace(t)
        const server = await serve()
        const agent = new Agent({ keepAlive: true })
        t.after(() => agent.destroy())
        await new Promise((resolve, reject) =>
          get(`${server.address}/healthz`, { agent }, (answer) =>
            answer.resume().on('end', () => resolve(undefined)),
          ).on('error', reject),
        )
        await endsAtOnce(server, signal)
      })

    test('stop: a connection that never said anything does not hold up the end', async (t) => {
      const server = await (await workspace(t)).serve()
      const silent = await openSocket(server)
      t.after(() => silent.socket.destroy())
      await pause(100)
      await endsAtOnce(server, 'SIGTERM')
    })

    test('start: a port in use is refused with 78 and one clear sentence, and the program ends at once', async (t) => {
      const { run } = await workspace(t)
      const { port, close } = await occupyPort()
      t.after(close)
      const { code, stdout, stderr, ms } = await run(['serve'], { HAWSER_PORT: `${port}` })
      assert.equal(code, 78)
      assert.match(
        stderr,
        new RegExp(`^Hawser cannot listen on 127\\.0\\.0\\.1, port ${port} \\(EADDRINUSE\\)[^\\n]*\\n$`),
      )
      assert.equal(firstKeys(stdout), undefined)
      assert.ok(ms < 15_000, `not after ${Math.round(ms)} ms`)
    })

    test('start: a first start that finds its port in use has not used up the showing of the first keys', async (t) => {
      const { run, serve } = await workspace(t)
      const { port, close } = await occupyPort()
      t.after(close)
      assert.equal((await run(['serve'], { HAWSER_PORT: `${port}` })).code, 78)
      assert.ok(firstKeys((await serve()).stdout()))
    })
  })

const mode = (path: string) => statSync(path).mode & 0o777
const keyId = (key: string) => /hws_([^_]+)_/.exec(key)?.[1] ?? ''

/** Returns true where a text contains 12 characters in a row of the secret part of a key. */
function showsKey(text: string, keys: Record<string, string>): boolean {
  return Object.values(keys).some((key) => {
    const secret = /hws_[^_]+_(\w+)$/.exec(key)?.[1] ?? key
    return Array.from({ length: secret.length - 11 }, (_, at) => secret.slice(at, at + 12)).some((part) =>
      text.includes(part),
    )
  })
}

/** Runs the line in a shell as a user would; where the machine has no curl, sends what the line says. */
async function paste(line: string, directory: string): Promise<string> {
  const { code, stdout } = await waitForEnd(startProgram(['sh', '-c', line], directory))
  if (code === 0) return stdout
  assert.equal(code, 127, 'only a missing curl is excused')
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  const headers = words.filter((_, at) => words[at - 1] === '-H').map((pair) => pair.split(': ', 2))
  const body = words[words.indexOf('-d') + 1] ?? ''
  const url = words.find((word) => word.startsWith('http://')) ?? ''
  const answer = await fetch(url, { method: 'POST', headers: headers as [string, string][], body })
  return answer.text()
}

async function openSocket({ address }: ServerProcess) {
  const { hostname, port } = new URL(address)
  const socket: Socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => {})
  const ended = new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, ended, received: () => received }
}

async function endsAtOnce(server: ServerProcess, signal: NodeJS.Signals): Promise<void> {
  const asked = performance.now()
  process.kill(server.pid, signal)
  const { code } = await server.ended
  const ms = Math.round(performance.now() - asked)
  assert.equal(code, 0)
  assert.ok(ms < 2_000, `it took ${ms} ms`)
}

async function occupyPort(): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}
