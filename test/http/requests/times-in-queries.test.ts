import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'

/** Everything happens in the last millisecond of a day. */
const NOW = '2026-03-01T23:59:59.999Z'
const [DAY, DAY_BEFORE, DAY_AFTER] = ['2026-03-01', '2026-02-28', '2026-03-02']
const FIRST = /_start$|^since$/

type Parameter = { name: string; in: string; schema: { format?: string } }

onEveryDatabase(
  'a time in a query',
  (server) => {
    let bounds: { path: string; name: string }[] = []
    const total = async (path: string, query = '') => {
      const { status, json, text } = await server().request('GET', `${path}?${query}`)
      assert.equal(status, 200, `${path}?${query} ${text}`)
      return json.total as number
    }

    before(async () => {
      const { paths } = (await server().request('GET', '/openapi.json', { key: '' })).json
      bounds = Object.entries(paths as Record<string, any>).flatMap(([path, { get }]) =>
        ((get?.parameters ?? []) as Parameter[])
          .filter((one) => one.in === 'query' && one.schema.format === 'date-time')
          .map(({ name }) => ({ path, name })),
      )
      const body = { ...connectBodies.stamps_com, username: unique() }
      const { json } = await server().request('POST', '/v1/connections/carriers/stamps_com', { body })
      const label = { carrier_id: json.carrier_id, tracking_number: unique(), ship_date: DAY }
      await server().request('POST', '/v1/labels/import', { body: { labels: [label] } })
      const manifest = { carrier_id: json.carrier_id, tracking_numbers: [label.tracking_number] }
      await server().request('POST', '/v1/manifests/import', { body: manifest })
    })

    test('is taken by lists of four kinds', () => {
      assert.equal(new Set(bounds.map(({ path }) => path.replace('/v2', '/v1'))).size, 4)
      assert.ok(bounds.length >= 18)
    })

    test('that ends a range with a plain day means the whole day', async () => {
      for (const { path, name } of bounds.filter((one) => !FIRST.test(one.name))) {
        const all = await total(path)
        assert.ok(all > 0, path)
        assert.equal(await total(path, `${name}=${DAY}`), all, `${path} ${name}`)
        assert.equal(await total(path, `${name}=${DAY_BEFORE}`), 0, `${path} ${name}`)
        assert.equal(await total(path, `${name}=9999-12-31`), all, `${path} ${name}`)
      }
    })

    test('that begins a range with a plain day means its start', async () => {
      for (const { path, name } of bounds.filter((one) => FIRST.test(one.name))) {
        assert.equal(await total(path, `${name}=${DAY}`), await total(path), `${path} ${name}`)
        assert.equal(await total(path, `${name}=${DAY_AFTER}`), 0, `${path} ${name}`)
      }
    })

    test('is read with the plus of its offset as it came, or as a space', async () => {
      for (const { path, name } of bounds)
        for (const time of [
          '2026-03-02T12:00:00+02:00',
          '2026-02-20T12:00+14:00',
          '2026-02-20T12:00-03:00',
        ]) {
          const escaped = await total(path, `${name}=${encodeURIComponent(time)}`)
          for (const written of [time, time.replace('+', '%20')])
            assert.equal(await total(path, `${name}=${written}`), escaped, `${path} ${name}=${written}`)
        }
    })

    test('is refused where it is none', async () => {
      for (const { path, name } of bounds)
        for (const time of [
          '2026-03-02+10:00',
          '2026-03-02 10:00Z',
          '2026-03-02T10:00',
          '2026-02-30',
          'x',
          '',
        ]) {
          // A time without an offset is valid where only its day counts.
          if (name.startsWith('ship_date') && time === '2026-03-02T10:00') continue
          const { status, json } = await server().request('GET', `${path}?${name}=${time}`)
          assert.deepEqual([status, json.errors[0].field_name], [400, name], `${path} ${name}=${time}`)
        }
    })
  },
  { clock: () => new Date(NOW) },
)
