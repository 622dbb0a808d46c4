import type { Carrier, Fields, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import type { Form } from '../../catalog/forms/validate.ts'
import type { Actor, Body, Context } from '../../context.ts'
import { acceptRequest, type AcceptedBody } from './accept-body.ts'
import { connectForm, ltlForm, updateForm } from './carrier-forms.ts'
import { answerAsSandbox, unwrapCredentials, withScacFields } from './ltl-body.ts'
import type { Notice } from '../request/notices.ts'

/** Describes a body with credentials that its form has accepted: its values, the form, and whether the body replaces the whole set or only what it names. */
export type AcceptedCredentials = {
  acceptedBody: AcceptedBody
  form: Fields
  how: 'merge' | 'replace'
  notices: Notice[]
}

/** Accepts the body of a connect by the form of its carrier; refuses every bad field at once (400). */
export function acceptConnect(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  { body, isNamedInBody }: { body: Body; isNamedInBody: boolean },
): AcceptedCredentials {
  if (carrier.mode === 'ltl') return acceptLtl(ctx, actor, carrier, { body, isNamedInBody })
  return acceptParcel(ctx, actor, carrier, { form: connectForm(carrier), body })
}

/** Accepts the body of an update by the form of its carrier; refuses a carrier that cannot be updated in place, and every bad field at once (400). */
export function acceptUpdate(ctx: Context, actor: Actor, carrier: Carrier, body: Body): AcceptedCredentials {
  if (carrier.mode === 'ltl') return acceptLtl(ctx, actor, carrier, { body, isNamedInBody: false })
  return acceptParcel(ctx, actor, carrier, { form: updateForm(carrier), body })
}

/** Accepts a parcel body, which gives the values that it changes and keeps the rest. */
function acceptParcel(
  ctx: Context,
  actor: Actor,
  carrier: ParcelCarrier,
  { form, body }: { form: Form; body: Body },
): AcceptedCredentials {
  const { notices, ...acceptedBody } = acceptRequest(ctx, actor, { carrier, form, body: body().reveal() })
  return { acceptedBody, form: form.fields, how: 'merge', notices }
}

/** Accepts an LTL body, which gives the whole documented set each time, inside of `credentials`. */
function acceptLtl(
  ctx: Context,
  actor: Actor,
  carrier: LtlCarrier,
  { body, isNamedInBody }: { body: Body; isNamedInBody: boolean },
): AcceptedCredentials {
  const sent = body().reveal()
  const { fields } = ltlForm(carrier, sent)
  const form = { fields: isNamedInBody ? withScacFields(fields) : fields }
  const accepted = acceptRequest(ctx, actor, { carrier, form, body: sent })
  const { notices, ...acceptedBody } = unwrapCredentials(accepted, sent)
  return {
    acceptedBody,
    form: form.fields,
    how: 'replace',
    notices: [...notices, ...answerAsSandbox(carrier)],
  }
}
