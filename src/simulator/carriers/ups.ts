import { always, at, basicUser, jsonReply, type SimulatedCarrier } from '../define.ts'
import { bearerOf, formOf, jsonOf, memberOf, tokenOf } from '../oauth.ts'

const TOKEN = '/security/v1/oauth/token'
const RATE = '/api/rating/'

const refusal = (status: number, code: string, message: string) =>
  jsonReply(status, { response: { errors: [{ code, message }] } }, { errorcode: code, apierrorcode: code })
const minted = (token: string) =>
  jsonReply(200, { token_type: 'Bearer', access_token: token, expires_in: '14399', status: 'approved' })
const quote = (...alerts: { Code: string; Description: string }[]) =>
  jsonReply(200, {
    RateResponse: {
      Response: { ResponseStatus: { Code: '1', Description: 'Success' }, Alert: alerts },
      RatedShipment: [{ Service: { Code: '03' }, TotalCharges: { MonetaryValue: '9.50' } }],
    },
  })

/** Issues a token to the client of an app that it knows, and quotes for the shipper numbers that it knows. */
export const ups: SimulatedCarrier = {
  carrier: 'ups',
  answer: (call, accounts) => {
    if (new URL(call.url).pathname === TOKEN) {
      const client = basicUser(call)
      const known = accounts.some(
        ({ operator }) =>
          operator.ups_client_id === client?.user && operator.ups_client_secret === client?.password,
      )
      return client && known && formOf(call).get('grant_type') === 'client_credentials'
        ? minted(tokenOf(client.user, client.password))
        : refusal(401, '10401', 'ClientId is Invalid')
    }
    const ours = accounts.filter(
      ({ operator }) => tokenOf(operator.ups_client_id, operator.ups_client_secret) === bearerOf(call),
    )
    if (ours.length === 0) return refusal(401, '250002', 'Invalid Authentication Information.')
    const shipper = memberOf(jsonOf(call), 'RateRequest', 'Shipment', 'Shipper', 'ShipperNumber')
    return ours.some(({ values }) => values.account_number === shipper)
      ? quote()
      : refusal(400, '120100', 'Missing or invalid shipper number')
  },
  scripts: {
    blocked: at(TOKEN, 'platform_misconfigured', refusal(403, '', 'Blocked Merchant')),
    token_refused_in_a_400: at(TOKEN, 'platform_misconfigured', refusal(400, '10401', 'ClientId is Invalid')),
    token_refused_in_silence: at(TOKEN, 'platform_misconfigured', { status: 401, headers: {}, body: '' }),
    token_forbidden_in_silence: at(TOKEN, 'platform_misconfigured', { status: 403, headers: {}, body: '' }),
    token_without_text: at(TOKEN, 'inconclusive', minted('')),
    too_many: always('rate_limited', refusal(401, '10429', 'Too Many Requests')),
    wrong_address: at(TOKEN, 'inconclusive', refusal(401, '250003', 'Invalid Access License number')),
    no_rating: at(
      RATE,
      'platform_misconfigured',
      refusal(401, '250002', 'Invalid Authentication Information.'),
    ),
    rating_refused_in_silence: at(RATE, 'platform_misconfigured', { status: 401, headers: {}, body: '' }),
    shipper_number: at(RATE, 'not_entitled', refusal(400, '111580', 'Invalid Shipper Number')),
    no_service_there: at(
      RATE,
      'inconclusive',
      refusal(400, '111210', 'The requested service is unavailable between the selected locations.'),
    ),
    list_prices: at(
      RATE,
      'inconclusive',
      quote({
        Code: '120900',
        Description: 'User Id and Shipper Number combination is not qualified to receive negotiated rates',
      }),
    ),
    empty_quote: at(RATE, 'inconclusive', jsonReply(200, {})),
  },
}
