import type { Actor, Body, Context } from '../context.ts'
import { applyChange } from './change-connection.ts'
import type { Outcome } from './connect.ts'
import { updateForm } from './forms.ts'
import { requireCarrier, requireConnection } from './require.ts'
import { acceptBody } from './values.ts'
import type { IfMatch } from './versions.ts'

type Request = { carrierName: string; carrierId: string; ifMatch: IfMatch; body: Body }

/** Replaces the credentials of a connection under its permanent id; a refusal leaves the old ones in force, untouched. */
export async function updateConnection(ctx: Context, actor: Actor, request: Request): Promise<Outcome> {
  const { carrierId, ifMatch } = request
  const carrier = requireCarrier(request.carrierName)
  await requireConnection(ctx, actor, 'parcel', carrierId, carrier)
  const form = updateForm(carrier)
  const { notices, ...parts } = acceptBody(carrier, form, request.body().reveal())
  const change = {
    carrier,
    carrierId,
    ifMatch,
    form: form.fields,
    parts,
    how: 'merge',
    action: 'connection.updated',
  } as const
  const { version } = await applyChange(ctx, actor, change)
  return { carrierId, version, notices }
}
