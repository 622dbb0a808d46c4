import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'
import { formOf, tokenOf } from '../oauth.ts'

const apigee = (ErrorCode: string) => jsonReply(401, { ErrorCode, Error: 'Refused.' })

/** Issues a token to a client; the address of the request has the grant type. */
export default defineSimulatedCarrier({
  carrier: 'DYLT',
  answer: (call, accounts) => {
    const form = formOf(call)
    const [client, secret] = [form.get('client_id') ?? '', form.get('client_secret') ?? '']
    const granted = new URL(call.url).searchParams.get('grant_type') === 'client_credentials'
    return granted &&
      accounts.some(({ values }) => values.client_id === client && values.client_secret === secret)
      ? jsonReply(200, {
          access_token: tokenOf(client, secret),
          expires_in: '899',
          token_type: 'Bearer',
          status: 'approved',
        })
      : apigee('invalid_client')
  },
  scripts: {
    other_refusal: always('invalid_credentials', apigee('invalid_request')),
    no_token: always('inconclusive', jsonReply(200, { status: 'approved' })),
  },
})
