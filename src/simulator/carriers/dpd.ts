import { always, basicUser, defineSimulatedCarrier, jsonReply } from '../define.ts'

const refusal = (status: number) =>
  jsonReply(status, {
    error: { errorCode: '401', errorType: 'security', errorMessage: 'Unauthorised' },
    data: null,
  })

/** Opens sessions as the login of the DPD UK API of the first generation does. */
export default defineSimulatedCarrier({
  carrier: 'dpd',
  answer: (call, accounts) => {
    const { pathname, searchParams } = new URL(call.url)
    if (call.method !== 'POST' || pathname !== '/user/' || searchParams.get('action') !== 'login')
      return jsonReply(404, {})
    const sent = basicUser(call)
    const known = accounts.some(
      ({ values }) =>
        values.username === sent?.user &&
        values.password === sent?.password &&
        call.headers.geoclient === `account/${String(values.account_number)}`,
    )
    return known ? jsonReply(200, { error: null, data: { geoSession: 'simulated-session' } }) : refusal(401)
  },
  scripts: {
    refused_in_the_body: always('invalid_credentials', refusal(200)),
    refused_in_a_list: always(
      'invalid_credentials',
      jsonReply(200, { error: [{ errorCode: '401', errorMessage: 'Unauthorised' }], data: null }),
    ),
    refused_without_a_word: always('invalid_credentials', { status: 401, headers: {}, body: '' }),
    no_session: always('inconclusive', jsonReply(200, { error: null, data: { geoSession: '' } })),
    broken: always('unavailable', refusal(500)),
  },
})
