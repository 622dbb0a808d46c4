import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'

const problem = (status: number, number: string, title: string) =>
  jsonReply(status, { type: `https://api.dhlecs.com/docs/errors/${status}.${number}`, title })

/** Mints tokens as the authentication of DHL eCommerce Americas does. */
export default defineSimulatedCarrier({
  carrier: 'dhl_ecommerce',
  answer: (call, accounts) => {
    const form = new URLSearchParams(call.body ?? '')
    const isForm = call.headers['content-type'] === 'application/x-www-form-urlencoded'
    if (call.method !== 'POST' || !isForm || form.get('grant_type') !== 'client_credentials')
      return problem(400, '0000001', 'Bad request')
    const [id, secret] = [form.get('client_id'), form.get('client_secret')]
    const known = accounts.some(({ values }) => values.api_key === id && values.api_secret === secret)
    if (!known) return problem(401, '0000001', 'Unauthorized')
    return jsonReply(200, {
      access_token: 'simulated-token',
      client_id: id,
      token_type: 'Bearer',
      expires_in: 3600,
    })
  },
  scripts: {
    bad_request: always('inconclusive', problem(400, '0000001', 'Bad request')),
    empty_token: always('inconclusive', jsonReply(200, { access_token: '', expires_in: 3600 })),
    token_of_a_failure: always('unavailable', jsonReply(500, { access_token: 'x', expires_in: 3600 })),
    forbidden: always('not_entitled', problem(403, '0000001', 'Forbidden')),
  },
})
