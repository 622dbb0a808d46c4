import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { openTestServer } from '../../test/support/server/test-server.ts'

// `node scripts/api-description/try-generators.ts` gives the API description to four programs that write clients, compiles each client strictly,
// and does the same four things with the client of one of them. It installs the programs from the npm registry, so no test runs it.
const execute = promisify(execFile)
const node = process.execPath
const directory = mkdtempSync(join(tmpdir(), 'hawser-generators-'))
const TYPESCRIPT = 'typescript@6.0.3'

type Generator = {
  packages: string[]
  config?: [name: string, text: string]
  program: string
  words: string[]
}

const generators: Record<string, Generator> = {
  orval: {
    packages: ['orval@8.38.0'],
    program: 'orval/dist/bin/orval.mjs',
    words: ['--input', '../openapi.json', '--output', './out/client.ts', '--client', 'fetch'],
  },
  'hey-api': {
    packages: ['@hey-api/openapi-ts@0.99.0', TYPESCRIPT],
    program: '@hey-api/openapi-ts/bin/run.js',
    words: ['-i', '../openapi.json', '-o', './out'],
  },
  'openapi-typescript': {
    packages: ['openapi-typescript@7.13.0', 'typescript@5.9.3'],
    program: 'openapi-typescript/bin/cli.js',
    words: ['../openapi.json', '-o', './out/api.ts'],
  },
  kubb: {
    packages: [
      ...['cli', 'core', 'plugin-oas', 'plugin-ts', 'plugin-zod'].map((name) => `@kubb/${name}@4.39.3`),
      'zod@4.6.7',
      TYPESCRIPT,
    ],
    config: [
      'kubb.config.mjs',
      `import { defineConfig } from '@kubb/core'
import { pluginOas } from '@kubb/plugin-oas'
import { pluginTs } from '@kubb/plugin-ts'
import { pluginZod } from '@kubb/plugin-zod'
export default defineConfig({
  root: '.', input: { path: '../openapi.json' }, output: { path: './out', clean: true },
  plugins: [pluginOas({ validate: false }), pluginTs({ output: { path: 'types' } }), pluginZod({ output: { path: 'zod' } })],
})
`,
    ],
    program: '@kubb/cli/bin/kubb.cjs',
    words: ['generate'],
  },
}

async function generate(name: string, { packages, config, program, words }: Generator): Promise<string> {
  const room = join(directory, name)
  mkdirSync(join(room, 'out'), { recursive: true })
  writeFileSync(join(room, 'package.json'), '{"private":true,"type":"module"}')
  if (config) writeFileSync(join(room, config[0]), config[1])
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages]
  await execute('npm', install, { cwd: room })
  await execute(node, [join('node_modules', program), ...words], { cwd: room, maxBuffer: 2 ** 26 })
  return join(room, 'out')
}

async function compile(folder: string): Promise<void> {
  const options = {
    ...{
      strict: true,
      noEmit: true,
      target: 'esnext',
      module: 'esnext',
      moduleResolution: 'bundler',
      types: [],
    },
    ...{ allowImportingTsExtensions: true, skipLibCheck: true, lib: ['esnext', 'dom', 'dom.iterable'] },
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, include: ['**/*.ts'] }),
  )
  const compiler = resolve('node_modules/typescript/bin/tsc')
  await execute(node, [compiler, '-p', folder], { maxBuffer: 2 ** 26 })
}

const client = (url: string, key: string) => `
import createClient from 'openapi-fetch'
import type { components, paths } from './api.ts'
type Body = components['schemas']['connect_carrier_forms']['stamps_com']
const { POST, PUT, DELETE } = createClient<paths>({ baseUrl: ${JSON.stringify(url)}, headers: { 'API-Key': ${JSON.stringify(key)} } })
const body: Body = { nickname: 'Generated', username: 'generated-user', password: 'p' }
// @ts-expect-error a field of another carrier
const wrong: Body = { ...body, enseigne: 'BDTEST13' }
void wrong
const name = { carrier_name: 'stamps_com' }
const connected = await POST('/v1/connections/carriers/{carrier_name}', { params: { path: name }, body })
const answer = connected.data
if (!answer || !('carrier_id' in answer)) throw new Error('not connected')
const path = { ...name, carrier_id: answer.carrier_id }
const updated = await PUT('/v1/connections/carriers/{carrier_name}/{carrier_id}', { params: { path }, body: { ...body, password: 'q' } })
if (!updated.data) throw new Error('not updated')
const refused = await POST('/v1/connections/carriers/{carrier_name}', { params: { path: name }, body })
if (refused.error?.errors[0]?.error_code !== 'identifier_conflict') throw new Error('not refused')
const gone = await DELETE('/v1/connections/carriers/{carrier_name}/{carrier_id}', { params: { path } })
if (gone.response.status !== 204) throw new Error('not deleted')
`

const alive = setInterval(() => {}, 60_000)
const server = await openTestServer('sqlite', { repeatTransactions: false })
try {
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 })
  writeFileSync(join(directory, 'openapi.json'), (await server.app.inject('/openapi.json')).body)
  for (const [name, generator] of Object.entries(generators)) {
    const folder = await generate(name, generator)
    if (name === 'openapi-typescript') {
      mkdirSync(join(folder, 'node_modules'))
      for (const one of ['openapi-fetch', 'openapi-typescript-helpers'])
        cpSync(resolve('node_modules', one), join(folder, 'node_modules', one), { recursive: true })
      symlinkSync(resolve('node_modules/@types'), join(folder, 'node_modules/@types'))
      const key = await server.newKey({ environment: 'sandbox' })
      writeFileSync(join(folder, 'client.ts'), client(url, key))
    }
    await compile(folder)
    if (name === 'openapi-typescript') await execute(node, [join(folder, 'client.ts')])
    console.log(`ok  ${name}`)
  }
} catch (error) {
  console.error((error as { stdout?: string }).stdout?.slice(0, 4_000) ?? '', error)
  process.exitCode = 1
} finally {
  await server.close()
  clearInterval(alive)
  rmSync(directory, { recursive: true, force: true })
}
