import { always, defineSimulatedCarrier, jsonReply } from '../define.ts'

const reply = (status: number, points: readonly object[], ...errors: object[]) =>
  jsonReply(status, { ServicePoints: points, Code: status, Errors: errors, Messages: [] })
const POINT = { ServiceCenter: 'Simulated' }

/** Answers a search for service points to whoever sends a key that it knows. */
export default defineSimulatedCarrier({
  carrier: 'RLCA',
  answer: (call, accounts) => {
    const known = accounts.some(
      ({ values }) => values.key !== undefined && values.key === call.headers.apikey,
    )
    if (!known) return reply(401, [], { ErrorMessage: 'Access denied.' })
    const query = new URL(call.url).searchParams
    return query.get('ZipOrPostalCode') && query.get('CountryCode')
      ? reply(200, [POINT])
      : reply(400, [], { Property: 'ZipOrPostalCode', ErrorMessage: 'A postal code is required.' })
  },
  scripts: {
    code_zero: always('verified', jsonReply(200, { ServicePoints: [POINT], Code: 0, Errors: [] })),
    forbidden: always('invalid_credentials', reply(403, [], { ErrorMessage: 'Forbidden.' })),
    key_named: always('invalid_credentials', reply(400, [], { ErrorMessage: 'The API Key is not valid.' })),
    ordinary_400: always('inconclusive', reply(400, [], { Property: 'Zip', ErrorMessage: 'Unknown.' })),
    no_points: always('inconclusive', reply(200, [])),
    points_and_errors: always('inconclusive', reply(200, [POINT], { ErrorMessage: 'Incomplete.' })),
  },
})
