import { DatabaseSync } from 'node:sqlite'
import type { Environment, Label, LabelCount } from '../../../src/store/schema/tables.ts'
import { unique } from '../unique.ts'
import { runAsOwner } from '../database/databases.ts'
import type { Answer, TestServer } from '../server/test-server.ts'
import { connect } from '../connections/connect.ts'

export const SHIP_DATE = '2026-03-01'
export const startOfDay = (day: string) => `${day}T00:00:00.000Z`

/** A shipper is one tenant in one environment that connects carriers and records labels. */
export type Shipper = {
  server: TestServer
  tenantId: string
  environment: Environment
  key: string
  send: (method: string, path: string, asked?: { body?: unknown }) => Promise<Answer>
  connect: () => Promise<string>
  record: (...labels: unknown[]) => Promise<Answer>
}

/** Makes a shipper in an environment, by default production; makes a new tenant where no `tenantId` is given. */
export async function newShipper(
  server: TestServer,
  { environment = 'production', ...given }: { environment?: Environment; tenantId?: string } = {},
): Promise<Shipper> {
  const tenantId = given.tenantId ?? (await server.newTenant())
  const key = await server.newKey({ tenantId, environment })
  const send: Shipper['send'] = (method, path, asked = {}) => server.request(method, path, { key, ...asked })
  const record = (...labels: unknown[]) => send('POST', '/v1/labels/import', { body: { labels } })
  const connectEndicia = () => connect(server, 'endicia', { key })
  return { server, tenantId, environment, key, send, record, connect: connectEndicia }
}

/** Makes up what is imported of a label, with a tracking number that no other label has. */
export const newLabel = (carrier_id: string, more: Record<string, unknown> = {}) => ({
  carrier_id,
  tracking_number: unique('track'),
  ship_date: SHIP_DATE,
  ...more,
})

/** Lists the outcomes of an import, each with the codes and the fields of its errors. */
export const importOutcomes = ({ json }: Answer) =>
  json.results.map(
    ({ outcome, errors }: { outcome: string; errors: { error_code: string; field_name: string }[] }) =>
      [outcome, ...errors.map(({ error_code, field_name }) => `${error_code} ${field_name}`)].join(' '),
  )

/** Lists the errors of a refusal, each as its code and its field. */
export const errorsOf = ({ json }: Answer) =>
  json.errors.map(
    ({ error_code, field_name }: { error_code: string; field_name?: string }) =>
      `${error_code} ${field_name ?? '-'}`,
  )

/** Reads the stored audit events of labels and manifests, oldest first. */
export const labelEvents = ({ server, tenantId }: Shipper, prefix = 'label|manifest') =>
  server.ctx.store.read(tenantId, async (db) => {
    const rows = await db
      .selectFrom('audit_event')
      .select(['action', 'carrier_id', 'subject', 'fields'])
      .where('tenant_id', '=', tenantId)
      .orderBy('seq')
      .execute()
    return rows
      .filter(({ action }) => new RegExp(`^(${prefix})\\.`).test(action))
      .map(({ action, carrier_id, subject, fields }) => [
        action,
        carrier_id,
        subject,
        JSON.parse(fields) as string[],
      ])
  })

/** Reads every label and every count of labels of a tenant, as they are stored. */
export const storedLabels = ({
  server,
  tenantId,
}: Pick<Shipper, 'server' | 'tenantId'>): Promise<{ labels: Label[]; counts: LabelCount[] }> =>
  server.ctx.store.read(tenantId, async (db) => ({
    labels: await db.selectFrom('label').selectAll().where('tenant_id', '=', tenantId).execute(),
    counts: await db.selectFrom('label_count').selectAll().where('tenant_id', '=', tenantId).execute(),
  }))

/** Makes the database refuse every audit event of a label or a manifest from here on. */
export async function refuseAuditEvents({ env, database }: TestServer): Promise<void> {
  const url = env.HAWSER_DATABASE_URL ?? ''
  if (database === 'postgres') {
    const check = `check (action not like 'label.%' and action not like 'manifest.%') not valid`
    await runAsOwner(url, `alter table audit_event add constraint refused ${check}`)
    return
  }
  const db = new DatabaseSync(url.slice('sqlite:'.length))
  db.exec(`create trigger refused before insert on audit_event
    when new.action like 'label.%' or new.action like 'manifest.%' begin select raise(abort, 'no'); end`)
  db.close()
}
