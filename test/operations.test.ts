import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { before, describe, test } from 'node:test'
import { EVERY_PERMISSION, NO_PERMISSION, type Actor, type Permission, type Scope } from '../src/context.ts'
import { ApiError } from '../src/errors.ts'
import { disconnectCarrier } from '../src/connections/deletes/disconnect.ts'
import { leaseCredentials } from '../src/connections/lease.ts'
import { grants, scopeNames } from '../src/tenants/scopes.ts'

/** These folders of the domain have the operations that http and the command line call. */
const DOMAIN = /^src\/(audit|connections|health|manifests|tenants|webhooks)\//

type Operation = { name: string; file: string; call: (actor: Actor, ...more: unknown[]) => Promise<unknown> }

const read = (file: string) => readFileSync(file, 'utf8')

/** Lists the operations that a file imports from the domain and that are told who acts, each with its name and its own file. */
function operationsOf(file: string): [name: string, file: string][] {
  return [...read(file).matchAll(/^import \{([^}]+)\} from '(\.[^']+)'/gm)].flatMap(
    ([, names = '', path = '']) => {
      const from = normalize(join(dirname(file), path))
      if (!DOMAIN.test(from)) return []
      const given = names.split(',').map((name) => name.trim())
      return given
        .filter((name) => name !== '' && takesActor(from, name))
        .map((name): [string, string] => [name, from])
    },
  )
}

/** Returns true where a file exports a function whose second parameter is the actor. */
const takesActor = (file: string, name: string) =>
  new RegExp(
    `export (async )?function\\*? ${name}\\b[^(]*\\([^,]*?\\bContext\\b[^,]*,\\s*\\w+: (Actor|Omit<Actor)\\b`,
  ).test(read(file).replace(/\{[^{}]*\}(?=: Context)/g, 'ctx'))

/** A `Reached` error says that an operation used the context. */
class Reached extends Error {}
const reached = () => {
  throw new Reached()
}
const wall: unknown = new Proxy(() => {}, { get: reached, apply: reached })
/** This context lets nobody do anything. */
const nothing = new Proxy({}, { get: () => wall })
/** This value has every property that is looked for in it. */
const anything: unknown = new Proxy(() => {}, {
  get: (_, name) => {
    if (name === Symbol.toPrimitive) return () => 'anything'
    return name === 'force' || name === 'anyState' ? false : anything
  },
  apply: () => anything,
})

const actorWith = (scopes: ReadonlySet<Permission>): Actor => ({
  ...{ tenantId: 'se-1', environment: 'production', name: 'key:000000000000', scopes },
  ...{ requestId: undefined, ip: undefined },
})

/** Returns true where the operation refuses because of a missing scope, before it looks at anything else. */
async function isRefused(
  { call }: Pick<Operation, 'call'>,
  actor: Actor,
  ...more: unknown[]
): Promise<boolean> {
  try {
    await call(actor, ...more)
  } catch (error) {
    return error instanceof ApiError && error.problems[0].condition === 'scope_missing'
  }
  return false
}

/** Several routes share these operations, or a partner's key may ask for them too. */
const SHARED: [name: string, scopes: Scope[]][] = [
  ['listPage', ['read']],
  ['listBatches', ['read']],
  ['getConnection', ['read']],
  ['findConnections', ['read', 'partner']],
]

/** Returns the scope that each operation needs in the routes. */
function scopesInRoutes(): Map<string, Scope[]> {
  const found = new Map<string, Scope[]>()
  for (const file of globSync('src/http/routes/**/*.ts')) {
    const text = read(file)
    const common = /^const scope = '(\w+)'/m.exec(text)?.[1]
    const marks = /operationId:|\bscope: '(\w+)'|\b(scope),|\b(\w+)(?:<[^>]*>)?\(\s*ctx,\s*request\.actor\b/g
    let scope: string | undefined
    for (const [mark, own, shared, name] of text.matchAll(marks)) {
      if (mark === 'operationId:') scope = undefined
      else if (name === undefined) scope ??= own ?? (shared && common)
      else found.set(name, [...(found.get(name) ?? []), ...(scope === undefined ? [] : [scope as Scope])])
    }
  }
  return new Map([...found, ...SHARED])
}

describe('operations', () => {
  const operations: Operation[] = []
  before(async () => {
    const callers = globSync('src/{http,cli}/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
    const known = new Map(callers.flatMap(operationsOf))
    for (const [name, file] of known) {
      const module = (await import(join('..', file))) as Record<string, (...given: unknown[]) => unknown>
      const call = async (actor: Actor, ...more: unknown[]) => {
        const given = more.length > 0 ? more : [anything, anything, anything, anything]
        const answer = await module[name]?.(nothing, actor, ...given)
        // A generator begins only when its first value is asked for.
        await (answer as AsyncGenerator | undefined)?.next?.()
      }
      operations.push({ name, file, call })
    }
  })

  test('all that the routes call are known here', () => {
    const names = new Set(operations.map(({ name }) => name))
    const routed = scopesInRoutes()
    assert.deepEqual(
      [...routed.keys()].filter((name) => !names.has(name)),
      [],
    )
    assert.ok(routed.size > 50 && names.size > routed.size, `${routed.size} of ${names.size}`)
  })

  test('every one refuses who may do nothing, before it looks at anything', async () => {
    const open: string[] = []
    for (const operation of operations)
      if (!(await isRefused(operation, actorWith(NO_PERMISSION)))) open.push(operation.name)
    assert.deepEqual(open, [])
  })

  test('the control: who may do everything is refused by none for want of a scope', async () => {
    const closed: string[] = []
    for (const operation of operations)
      if (await isRefused(operation, actorWith(EVERY_PERMISSION))) closed.push(operation.name)
    assert.deepEqual(closed, [])
  })

  test('every one asks for the scope that its routes declare', async () => {
    const routed = scopesInRoutes()
    const wrong: string[] = []
    for (const operation of operations) {
      const declared = routed.get(operation.name)
      if (!declared) continue
      for (const scope of scopeNames) {
        const may = grants([scope])
        const isEnough = declared.some((one) => may.has(one))
        if ((await isRefused(operation, actorWith(may))) === isEnough)
          wrong.push(`${operation.name} with ${scope}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  test('what is done to an account as a whole is no key’s', async () => {
    for (const name of ['createTenant', 'renameTenant', 'deleteTenant']) {
      const operation = operations.find((one) => one.name === name) ?? assert.fail(name)
      for (const scope of scopeNames) assert.ok(await isRefused(operation, actorWith(grants([scope]))), name)
    }
  })

  test('force and state=any are for who may do all', async () => {
    const lease = {
      call: (actor: Actor, wish: unknown) => leaseCredentials(nothing as never, actor, wish as never),
    }
    assert.ok(await isRefused(lease, actorWith(grants(['use'])), { anyState: true }))
    assert.ok(!(await isRefused(lease, actorWith(grants(['use'])), { anyState: false })))
    assert.ok(!(await isRefused(lease, actorWith(grants(['admin'])), { anyState: true })))
    const remove = {
      call: (actor: Actor, wish: unknown) => disconnectCarrier(nothing as never, actor, wish as never),
    }
    for (const named of [
      { mode: 'parcel', carrierId: 'se-1' },
      { scac: 'FXFE', carrierId: 'se-1' },
    ]) {
      const wish = { ...named, ifMatch: undefined, purge: false }
      assert.ok(await isRefused(remove, actorWith(grants(['write'])), { ...wish, force: true }))
      assert.ok(!(await isRefused(remove, actorWith(grants(['write'])), { ...wish, force: false })))
      assert.ok(!(await isRefused(remove, actorWith(grants(['admin'])), { ...wish, force: true })))
    }
  })
})
