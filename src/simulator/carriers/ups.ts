import type { Call, Reply } from '../../catalog/verification.ts'
import { always, at, basicUser, defineSimulatedCarrier, jsonReply, type SimulatedAccount } from '../define.ts'
import { bearerOf, challengeOf, codeOf, formOf, jsonOf, memberOf, tokenOf } from '../oauth.ts'

const REFRESH = '/security/v1/oauth/refresh'
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

/** Returns the token of a merchant who has signed in through an app. */
const merchantToken = (client: string | undefined) => tokenOf(client, 'a merchant')
const granted = (client: string | undefined, refreshToken: string) =>
  jsonReply(200, {
    token_type: 'Bearer',
    access_token: merchantToken(client),
    expires_in: '14399',
    status: 'approved',
    refresh_token: refreshToken,
    refresh_token_expires_in: '5183999',
    refresh_token_status: 'approved',
  })

/** Exchanges a code for tokens, with the verifier of the code's challenge and with the client id but no client secret. */
function exchanged(call: Call, accounts: readonly SimulatedAccount[]): Reply {
  const form = formOf(call)
  const client = form.get('client_id') ?? ''
  const ours = accounts.filter(({ operator }) => operator.ups_client_id === client)
  if (ours.length === 0 || call.headers.authorization) return refusal(401, '10401', 'ClientId is Invalid')
  const code = codeOf(client, form.get('redirect_uri'), challengeOf(form.get('code_verifier') ?? ''))
  return form.get('code') === code && ours.some(({ values }) => values.account_number !== undefined)
    ? granted(client, tokenOf('refresh', code))
    : refusal(400, '10400', 'Invalid Authorization Code')
}

/** Accepts the refresh token that an account holds, and gives another refresh token. */
function refreshed(call: Call, accounts: readonly SimulatedAccount[]): Reply {
  const [client, token] = [basicUser(call), formOf(call).get('refresh_token') ?? '']
  const ours = accounts.filter(
    ({ operator }) =>
      operator.ups_client_id === client?.user && operator.ups_client_secret === client?.password,
  )
  if (ours.length === 0) return refusal(401, '10401', 'ClientId is Invalid')
  return ours.some(({ values }) => values.sign_in === token)
    ? granted(client?.user, tokenOf('refresh', token))
    : refusal(400, '10400', 'Invalid Refresh Token')
}

/** Issues a token to the client of an app that the carrier knows, and answers quotes for the shipper numbers that the carrier knows. */
export default defineSimulatedCarrier({
  carrier: 'ups',
  answer: (call, accounts) => {
    const { pathname } = new URL(call.url)
    if (pathname === REFRESH) return refreshed(call, accounts)
    if (pathname === TOKEN && formOf(call).get('grant_type') === 'authorization_code')
      return exchanged(call, accounts)
    if (pathname === TOKEN) {
      const client = basicUser(call)
      const known = accounts.some(
        ({ operator }) =>
          operator.ups_client_id === client?.user && operator.ups_client_secret === client?.password,
      )
      return client && known && formOf(call).get('grant_type') === 'client_credentials'
        ? minted(tokenOf(client.user, client.password))
        : refusal(401, '10401', 'ClientId is Invalid')
    }
    const ours = accounts.filter(({ operator: { ups_client_id: id, ups_client_secret: secret } }) =>
      [tokenOf(id, secret), merchantToken(id)].includes(bearerOf(call) ?? ''),
    )
    if (ours.length === 0) return refusal(401, '250002', 'Invalid Authentication Information.')
    const shipper = ['RateRequest', 'Shipment', 'Shipper']
    const number = memberOf(jsonOf(call), ...shipper, 'ShipperNumber')
    const postal = memberOf(jsonOf(call), ...shipper, 'Address', 'PostalCode')
    const isOwn = ({ account_number, account_postal_code = postal }: SimulatedAccount['values']) =>
      account_number === number && account_postal_code === postal
    return ours.some(({ values }) => isOwn(values))
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
})
