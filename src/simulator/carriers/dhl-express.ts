import { always, basicUser, defineSimulatedCarrier, jsonReply } from '../define.ts'

const problem = (status: number, title: string) =>
  jsonReply(status, { instance: '/expapi/address-validate', detail: title, title, message: title, status })

/** Answers address checks as the MyDHL API does: the gateway of the API checks the credentials before anything else. */
export default defineSimulatedCarrier({
  carrier: 'dhl_express',
  answer: (call, accounts) => {
    const sent = basicUser(call)
    const known = accounts.some(
      ({ values }) => values.site_id === sent?.user && values.password === sent?.password,
    )
    if (!known) return jsonReply(401, { reasons: [{ msg: 'Invalid Credentials' }], details: {} })
    const { pathname, searchParams } = new URL(call.url)
    if (pathname !== '/mydhlapi/address-validate') return jsonReply(404, {})
    const [countryCode, postalCode] = [searchParams.get('countryCode'), searchParams.get('postalCode')]
    if (!countryCode || !postalCode || !searchParams.has('type')) return problem(400, 'Bad request')
    return jsonReply(200, { warnings: [], address: [{ countryCode, postalCode, cityName: 'NEW YORK' }] })
  },
  scripts: {
    forbidden: always('not_entitled', problem(403, 'Forbidden')),
    bad_request: always('verified', problem(400, 'Bad request')),
    not_found: always('verified', problem(404, 'Not found')),
    unprocessable: always('verified', problem(422, 'Unprocessable entity')),
    gateway_not_found: always('inconclusive', jsonReply(404, { reasons: [{ msg: 'No route' }] })),
    no_address: always('inconclusive', jsonReply(200, {})),
    asks_to_wait: always('rate_limited', problem(429, 'Too many requests')),
    timed_out: always('unavailable', problem(408, 'Request timeout')),
    broken: always('unavailable', problem(500, 'Internal server error')),
    refusing_page: always('unavailable', {
      status: 401,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Login</body></html>',
    }),
  },
})
