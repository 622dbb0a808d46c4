import { always, basicUser, defineSimulatedCarrier, xmlReply } from '../define.ts'

const messages = (status: number, code: string, description: string) =>
  xmlReply(
    status,
    `<messages xmlns="http://www.canadapost.ca/ws/messages"><message><code>${code}</code><description>${description}</description></message></messages>`,
  )

const customer = (number: string) =>
  xmlReply(
    200,
    `<customer xmlns="http://www.canadapost.ca/ws/customer"><customer-number>${number}</customer-number><contracts/></customer>`,
  )

/** Answers customer enquiries with the message codes of the Canada Post web services. */
export default defineSimulatedCarrier({
  carrier: 'canada_post',
  answer: (call, accounts) => {
    const sent = basicUser(call)
    const account = accounts.find(
      ({ values }) => values.api_key === sent?.user && values.api_secret === sent?.password,
    )
    if (!account) return messages(401, 'E002', 'AAA Authentication Failure')
    if (call.headers.accept !== 'application/vnd.cpc.customer+xml')
      return messages(406, 'E004', 'Not Acceptable')
    const number = /^\/rs\/customer\/([^/]+)$/.exec(new URL(call.url).pathname)?.[1] ?? ''
    return decodeURIComponent(number) === account.values.account_number
      ? customer(number)
      : messages(403, 'AA003', 'The API key does not match the customer number')
  },
  scripts: {
    deactivated: always('invalid_credentials', messages(403, 'AA001', 'Deactivated')),
    unauthorized: always('invalid_credentials', messages(401, 'E999', 'Unauthorized')),
    wrong_environment: always('not_entitled', messages(401, 'AA002', 'Wrong endpoint')),
    other_customer: always('not_entitled', messages(403, 'AA004', 'Not on behalf of that customer')),
    throttled: always('rate_limited', messages(500, 'Server', 'Rejected by SLM Monitor')),
    server: always('unavailable', messages(500, 'Server', 'Internal error')),
    nothing_of_a_customer: always('inconclusive', xmlReply(200, '<customer/>')),
    code_nobody_knows: always('inconclusive', messages(400, '7777', 'Unknown')),
    refusing_page: always('unavailable', {
      status: 401,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Login</body></html>',
    }),
  },
})
