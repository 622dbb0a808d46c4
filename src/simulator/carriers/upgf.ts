import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'
import { formOf, tokenOf } from '../oauth.ts'

const azure = (status: number, error: string, error_description: string) =>
  jsonReply(status, { error, error_description, error_codes: [], trace_id: 'simulated' })

/** Issues a token as the login of the carrier's Azure tenant does, for the carrier's own scope. */
export default defineSimulatedCarrier({
  carrier: 'UPGF',
  answer: (call, accounts) => {
    const form = formOf(call)
    if (!form.get('scope')?.endsWith('/.default')) return azure(400, 'invalid_scope', 'AADSTS70011')
    const [client, secret] = [form.get('client_id') ?? '', form.get('client_secret') ?? '']
    const ours = accounts.filter(({ values }) => values.client_id === client)
    if (ours.length === 0) return azure(400, 'unauthorized_client', 'AADSTS700016: Application not found.')
    return form.get('grant_type') === 'client_credentials' &&
      ours.some(({ values }) => values.client_secret === secret)
      ? jsonReply(200, {
          token_type: 'Bearer',
          expires_in: 3599,
          ext_expires_in: 3599,
          access_token: tokenOf(client, secret),
        })
      : azure(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.')
  },
  scripts: {
    scope_gone: always('platform_misconfigured', azure(400, 'invalid_scope', 'AADSTS70011')),
    tenant_gone: always('platform_misconfigured', azure(400, 'invalid_request', 'AADSTS90002: Tenant.')),
    busy: always('unavailable', azure(503, 'temporarily_unavailable', 'AADSTS90033')),
    other_error: always('inconclusive', azure(400, 'invalid_request', 'AADSTS900144')),
    no_token: always('inconclusive', jsonReply(200, { token_type: 'Bearer' })),
  },
})
