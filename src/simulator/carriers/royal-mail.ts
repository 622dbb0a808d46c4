import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'

const royalMailGroup = {
  carrierGuid: '00000000-0000-4000-8000-000000000001',
  carrierName: 'Royal Mail',
  carrierStatus: 'Active',
  carrierType: 'RoyalMail',
}

const problem = (status: number, message: string) => jsonReply(status, { code: String(status), message })

/** Lists the carriers of an account as the Click & Drop API does. */
export default defineSimulatedCarrier({
  carrier: 'royal_mail',
  answer: (call, accounts) => {
    const key = call.headers.authorization
    if (!accounts.some(({ values }) => key !== undefined && values.api_key === key))
      return problem(401, 'Unauthorized')
    const isList = call.method === 'GET' && new URL(call.url).pathname === '/api/v1/carriers'
    return isList ? jsonReply(200, [royalMailGroup]) : problem(404, 'Not found')
  },
  scripts: {
    forbidden: always('not_entitled', problem(403, 'Forbidden')),
    broken: always('unavailable', problem(500, 'Internal Server Error')),
    no_carriers: always('inconclusive', jsonReply(200, [])),
    list_of_a_failure: always('unavailable', jsonReply(503, [royalMailGroup])),
  },
})
