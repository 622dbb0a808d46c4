import { defineLtlCarrier } from '../define.ts'
import { identifier, optional, secret, text } from '../fields.ts'
import { all, code, either, minted, rule, says, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'
import { codes } from './upgf.codes.ts'

// The carrier's own portal shows both to everyone.
const TENANT = 'ca4f5969-c10f-40d4-8127-e74b691f95de'
const SCOPE = 'https://tffproduction.onmicrosoft.com/04cc9749-dbe5-4914-b262-d866b907756b/.default'

export default defineLtlCarrier({
  id: 'UPGF',
  scacs: ['UPGF'],
  title: 'UPS Freight',
  countries: ['CA', 'MX', 'US'],
  docs: 'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine_ltl)',
  credentials: {
    account_number: identifier('Account number'),
    key: secret('Key'),
    password: secret('Password'),
    username: text('Username'),
    client_id: optional(text('Client id', { minLength: 1, extension: true })),
    client_secret: optional(secret('Client secret', { extension: true })),
  },
  demands: 'all',
  form: 'documented',
  verify: tokenMint({
    source:
      'https://github.com/friendlycart/friendly_shipping (lib/friendly_shipping/services/tforce_freight.rb)',
    needs: ['client_id', 'client_secret'],
    login: 'client_id',
    url: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
    form: ({ values }) => ({
      grant_type: 'client_credentials',
      client_id: String(values.client_id),
      client_secret: String(values.client_secret),
      scope: SCOPE,
    }),
    token: ['access_token'],
    lifetime: 'expires_in',
    codes: ['error'],
    rules: [
      rule(all(status(200), minted), 'verified', 'TForce Freight accepts this client id with this secret.'),
      rule(
        all(status(400, 401), code('invalid_client', 'unauthorized_client')),
        'invalid_credentials',
        'TForce Freight does not accept this client id with this secret.',
      ),
      rule(
        either(code('invalid_scope'), says(/aadsts90002\b/)),
        'platform_misconfigured',
        'TForce Freight’s login is no longer where this server asks for it; its operator has to look into it.',
      ),
    ],
  }),
  ...codes,
})
