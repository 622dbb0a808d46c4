import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'
import { formOf, tokenOf } from '../oauth.ts'

const refusal = (status: number, error: string) => jsonReply(status, { error, error_description: 'Refused.' })

/** Issues a token to a user whose app has an access key that the carrier knows. */
export default defineSimulatedCarrier({
  carrier: 'CNWY',
  answer: (call, accounts) => {
    const ours = accounts.filter(
      ({ operator }) => call.headers.authorization === `Basic ${operator.xpo_access_key}`,
    )
    if (ours.length === 0) return refusal(401, 'invalid_client')
    const form = formOf(call)
    if (form.get('grant_type') !== 'password') return refusal(400, 'unsupported_grant_type')
    const [user, password] = [form.get('username') ?? '', form.get('password') ?? '']
    return ours.some(({ values }) => values.username === user && values.password === password)
      ? jsonReply(200, { access_token: tokenOf(user, password), expires_in: 43200, token_type: 'Bearer' })
      : refusal(400, 'invalid_grant')
  },
  scripts: {
    refused_in_a_401: always('invalid_credentials', refusal(401, 'invalid_grant')),
    refused_by_the_gateway: always('invalid_credentials', jsonReply(401, { fault: { description: 'No.' } })),
    no_token: always('inconclusive', jsonReply(200, { token_type: 'Bearer' })),
    other_error: always('inconclusive', refusal(400, 'invalid_request')),
  },
})
