import type { Fields } from '../catalog/define.ts'
import { LONGEST_TEXT } from '../catalog/fields.ts'
import { validate, type Values } from '../catalog/forms/validate.ts'
import type { Actor, Body, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import { requireScope } from '../require-scope.ts'
import { acceptRequest } from './form/accept-body.ts'
import { changeSettings } from './change/change-connection.ts'
import type { Outcome } from './request/outcome.ts'
import { settingsForm } from './form/carrier-forms.ts'
import { requireCarrier, requireConnection } from './request/require.ts'
import type { IfMatch } from './request/if-match.ts'

type NamedAccount = { carrierName: string; carrierId: string }

/** Returns the settings of a connection that its settings form can express; a setting without a value is left out. */
export async function readSettings(
  ctx: Context,
  actor: Actor,
  { carrierName, carrierId }: NamedAccount,
): Promise<{ settings: Values; version: number }> {
  requireScope(actor, 'read')
  const carrier = requireCarrier(carrierName)
  const connection = await requireConnection(ctx, actor, { mode: 'parcel', carrierId, carrier })
  const { fields } = settingsForm(carrier)
  const opened = await openSealed(ctx, actor, (opener) => opener.settings(connection))
  const stored = opened.reveal() as Values
  const settings: Values = {}
  for (const [name, field] of Object.entries(fields)) {
    const role = 'role' in field ? field.role : undefined
    const value =
      role === 'nickname'
        ? connection.nickname
        : role === 'primary'
          ? connection.is_primary === 1
          : stored[field.storedAs ?? name]
    if (value !== undefined && value !== null && !field.secret) settings[name] = value
  }
  return { settings: expressible(fields, settings), version: connection.version }
}

/** Leaves out the values that the settings form does not allow: an update may have set them, and they must not be shown broken. */
function expressible(fields: Fields, settings: Values): Values {
  const accepted = validate({ fields }, settings)
  if (!Array.isArray(accepted)) return settings
  const broken = new Set(accepted.map(({ field }) => field?.split('.')[0]))
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !broken.has(name)))
}

const hasImages = (fields: Fields) =>
  Object.values(fields).some((field) => field.type === 'string' && (field.maxLength ?? 0) > LONGEST_TEXT)

/** Changes the settings that the body gives and keeps the others; no credential is touched. */
export async function updateSettings(
  ctx: Context,
  actor: Actor,
  request: NamedAccount & { ifMatch: IfMatch; body: Body },
): Promise<Outcome> {
  requireScope(actor, 'write')
  const { carrierId, ifMatch } = request
  const carrier = requireCarrier(request.carrierName)
  await requireConnection(ctx, actor, { mode: 'parcel', carrierId, carrier })
  const form = settingsForm(carrier)
  const size = hasImages(form.fields) ? 'large' : 'usual'
  const { notices, ...acceptedBody } = acceptRequest(ctx, actor, {
    carrier,
    form,
    body: request.body(size).reveal(),
  })
  const { version } = await changeSettings(ctx, actor, {
    carrier,
    carrierId,
    ifMatch,
    form: form.fields,
    acceptedBody,
    change: { kind: 'settings' },
  })
  return { carrierId, version, notices }
}
