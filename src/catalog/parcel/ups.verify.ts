import { basicAuth } from '../recipes/basic-auth.ts'
import { codeSignIn } from '../recipes/code-sign-in.ts'
import { operatorAccount } from '../recipes/operator-account.ts'
import { all, code, either, fact, inFormat, minted, refusal, rule, says, status } from '../recipes/rules.ts'
import { REFRESH_TOKEN } from '../sign-in.ts'
import type { Material } from '../verification.ts'

const OAUTH = 'https://onlinetools.ups.com/security/v1/oauth'
const SUCCEEDED = fact('RateResponse.Response.ResponseStatus.Code', (answer) => answer === '1')

/** `GRANT` says where the answers of every token call of UPS have their values; `APP_RULES` has the refusals of the operator's app, which every token call of UPS may answer, whoever is asked about. */
const GRANT = { token: ['access_token'], lifetime: 'expires_in', codes: ['response.errors[].code'] }
const APP_RULES = [
  rule(code('10401', '250002'), 'platform_misconfigured', 'UPS does not know the operator’s own app.'),
  rule(all(status(403), inFormat), 'platform_misconfigured', 'UPS has blocked the operator’s own app.'),
  rule(code('10429'), 'rate_limited', 'UPS asks to wait.'),
  rule(code('250003'), 'inconclusive', 'UPS does not offer its API at this address.'),
]
const appAuth = ({ operator }: Material) => ({
  authorization: basicAuth(operator.ups_client_id, operator.ups_client_secret),
})

const USES = { needs: ['account_number'], uses: ['account_postal_code', 'account_country_code'] }
const RATE = {
  url: 'https://onlinetools.ups.com/api/rating/v2409/Rate',
  headers: ({ token, requestId }: Material) => ({
    authorization: `Bearer ${token?.reveal()}`,
    'content-type': 'application/json',
    transid: requestId,
    transactionsrc: 'hawser',
  }),
  body: ({ values }: Material) => {
    const Address = { PostalCode: values.account_postal_code, CountryCode: values.account_country_code }
    const PackageWeight = { UnitOfMeasurement: { Code: 'LBS' }, Weight: '1' }
    const Shipment = {
      Shipper: { ShipperNumber: String(values.account_number), Address },
      ShipFrom: { Address },
      ShipTo: { Address: { PostalCode: '10001', StateProvinceCode: 'NY', CountryCode: 'US' } },
      Service: { Code: '03' },
      // Without this option UPS quotes list prices and has no need of the account.
      ShipmentRatingOptions: { NegotiatedRatesIndicator: 'Y' },
      Package: { PackagingType: { Code: '02' }, PackageWeight },
    }
    return JSON.stringify({ RateRequest: { Request: { RequestOption: 'Rate' }, Shipment } })
  },
  format: 'json' as const,
  codes: ['response.errors[].code'],
  facts: ['RateResponse.Response.ResponseStatus.Code'],
  rules: [
    rule(
      all(status(200), says(/shipper number/)),
      'inconclusive',
      'UPS quotes a price, but with a doubt about the account number.',
    ),
    rule(all(status(200), SUCCEEDED), 'verified', 'UPS quotes a price for this account.'),
    rule(
      all(status(400), either(code('120100'), says(/shipper number/))),
      'not_entitled',
      'UPS does not accept this account number.',
    ),
    rule(code('250002'), 'platform_misconfigured', 'UPS tells the operator’s own app no prices.'),
  ],
}

/** Asks UPS for the price of a test parcel of the merchant's account, through the operator's app. */
export const verify = operatorAccount({
  source: 'https://github.com/UPS-API/api-documentation (OAuthClientCredentials, Rating)',
  ...USES,
  login: 'account_number',
  operator: ['ups_client_id', 'ups_client_secret'],
  token: {
    url: `${OAUTH}/token`,
    headers: appAuth,
    form: () => ({ grant_type: 'client_credentials' }),
    ...GRANT,
    rules: [rule(all(status(200), minted), 'continue', 'UPS knows the operator’s own app.'), ...APP_RULES],
  },
  account: RATE,
})

/** Sends a merchant to the sign-in page of UPS, and asks for prices in the name of the merchant who comes back. */
export const signIn = codeSignIn({
  source: 'https://github.com/UPS-API/api-documentation (OAuthAuthCode, Rating; issue 90)',
  operator: ['ups_client_id', 'ups_client_secret'],
  authorize: { url: `${OAUTH}/authorize`, client: (operator) => operator.ups_client_id, pkce: true },
  exchange: {
    url: `${OAUTH}/token`,
    // With PKCE, UPS wants the client id in the form and no client secret at all.
    form: ({ approval, operator }) => ({
      grant_type: 'authorization_code',
      code: approval?.code ?? '',
      redirect_uri: approval?.redirectUri ?? '',
      code_verifier: approval?.verifier ?? '',
      client_id: operator.ups_client_id ?? '',
    }),
    ...GRANT,
    refreshToken: 'refresh_token',
    rules: [
      rule(all(status(200), minted), 'continue', 'UPS has let the merchant in.'),
      ...APP_RULES,
      rule(code('10400'), 'invalid_credentials', 'UPS does not know the code that came back.'),
    ],
  },
  refresh: {
    url: `${OAUTH}/refresh`,
    headers: appAuth,
    form: ({ values }) => ({
      grant_type: 'refresh_token',
      refresh_token: String(values[REFRESH_TOKEN]),
    }),
    ...GRANT,
    refreshToken: 'refresh_token',
    rules: [
      rule(all(status(200), minted), 'continue', 'The sign-in at UPS stands.'),
      rule(
        all(code('10400'), says(/refresh token/)),
        'invalid_credentials',
        'UPS does not take the sign-in any more: sign in again.',
      ),
      ...APP_RULES,
      rule(
        refusal,
        'inconclusive',
        'UPS gives no access token, and does not say that the sign-in has ended.',
      ),
    ],
  },
  account: { ...RATE, ...USES, login: 'account_number' },
})
