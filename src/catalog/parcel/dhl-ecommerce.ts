import { defineCarrier } from '../define.ts'
import { ENDORSEMENTS, choice, identifier, nickname, optional, secret, text } from '../fields.ts'
import { minted, rule, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'
import { codes } from './dhl-ecommerce.codes.ts'

export default defineCarrier({
  id: 'dhl_ecommerce',
  name: 'dhl_ecommerce',
  title: 'DHL eCommerce',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dhl_ecommerce_request_body)',
  manifest: {
    requirement: 'required',
    source: 'https://support.shippingeasy.com/hc/en-us/articles/4407033733403',
  },
  connect: {
    nickname: nickname(),
    client_id: text('Client id'),
    username: text('Username'),
    password: secret('Password'),
    pickup_number: identifier('Pickup number'),
    distribution_center: text('Distribution center'),
    api_key: optional(secret('API key')),
    api_secret: optional(secret('API secret')),
    ancillary_endorsement: optional(choice('Ancillary endorsement', ENDORSEMENTS)),
    account_number: optional(text('Account number', { minLength: 1, deprecated: true })),
    ftp_username: optional(text('FTP username', { minLength: 1, deprecated: true })),
    ftp_password: optional(secret('FTP password', { deprecated: true })),
    sold_to: optional(text('Sold to')),
    registration_id: optional(text('Registration id')),
    software_name: optional(text('Software name')),
  },
  ...codes,
  verify: tokenMint({
    source: 'https://developer.dhl.com/api-reference/authentication-dhl-ecommerce-americas',
    needs: ['api_key', 'api_secret'],
    login: 'api_key',
    url: 'https://api.dhlecs.com/auth/v4/accesstoken',
    form: ({ values }) => ({
      grant_type: 'client_credentials',
      client_id: String(values.api_key),
      client_secret: String(values.api_secret),
    }),
    token: ['access_token'],
    lifetime: 'expires_in',
    rules: [
      rule(minted, 'verified', 'DHL eCommerce accepts the API key; the pickup number was not asked about.'),
      rule(
        status(401),
        'invalid_credentials',
        'DHL eCommerce does not accept this API key with this secret.',
      ),
      rule(status(400), 'inconclusive', 'DHL eCommerce did not accept the request for a token.'),
    ],
  }),
})
