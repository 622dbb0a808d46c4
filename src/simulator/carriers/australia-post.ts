import { always, basicUser, defineSimulatedCarrier, jsonReply } from '../define.ts'

const refusal = (status: number, code: string, name: string) =>
  jsonReply(status, { errors: [{ code, name, message: name }] })

const account = ({ number, expired }: { number: unknown; expired: boolean }) =>
  jsonReply(200, { account_number: number, name: 'Account', expired, addresses: [], postage_products: [] })

/** Answers account enquiries as the Australia Post shipping API does. */
export default defineSimulatedCarrier({
  carrier: 'australia_post',
  answer: (call, accounts) => {
    const sent = basicUser(call)
    const known = accounts.find(
      ({ values }) => values.api_key === sent?.user && values.api_secret === sent?.password,
    )
    if (!known) return refusal(401, 'API_001', 'Unauthorised')
    const number = decodeURIComponent(
      /^\/shipping\/v1\/accounts\/([^/]+)$/.exec(new URL(call.url).pathname)?.[1] ?? '',
    )
    const isOwn = number === known.values.account_number && call.headers['account-number'] === number
    return isOwn ? account({ number, expired: false }) : refusal(400, '41007', 'CONTRACT_SETUP_ERROR')
  },
  scripts: {
    expired: {
      outcome: 'not_entitled',
      reply: (call) => account({ number: call.headers['account-number'], expired: true }),
    },
    another_account: always('inconclusive', account({ number: 'another', expired: false })),
    another_expired_account: always('not_entitled', account({ number: 'another', expired: true })),
    forbidden: always('invalid_credentials', refusal(403, 'API_002', 'Forbidden')),
    forbidden_without_a_word: always('invalid_credentials', { status: 403, headers: {}, body: '' }),
    contract_error: always('not_entitled', refusal(404, '41007', 'CONTRACT_SETUP_ERROR')),
    error_without_a_code: always('inconclusive', jsonReply(400, {})),
    asks_to_wait: always('rate_limited', refusal(429, 'API_429', 'Too many requests')),
    broken: always('unavailable', refusal(500, 'API_500', 'Internal error')),
  },
})
