import { defineLtlCarrier } from '../define.ts'
import { anyCredentials, optional, secret, text } from '../fields.ts'
import { all, code, minted, rule, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

export default defineLtlCarrier({
  id: 'DYLT',
  scacs: ['DYLT'],
  title: 'Daylight Transport',
  docs: 'public transcript of the SMC3 EVA carrier list; no page of the LTL API names this carrier',
  credentials: {
    ...anyCredentials,
    client_id: optional(text('Client id', { minLength: 1, extension: true })),
    client_secret: optional(secret('Client secret', { extension: true })),
  },
  demands: 'some',
  form: 'generic',
  verify: tokenMint({
    source: 'https://api.dylt.com/oauth/client_credential/accesstoken',
    needs: ['client_id', 'client_secret'],
    login: 'client_id',
    url: 'https://api.dylt.com/oauth/client_credential/accesstoken?grant_type=client_credentials',
    form: ({ values }) => ({
      client_id: String(values.client_id),
      client_secret: String(values.client_secret),
    }),
    token: ['access_token'],
    lifetime: 'expires_in',
    codes: ['ErrorCode'],
    rules: [
      rule(all(status(200), minted), 'verified', 'Daylight accepts this client id with this secret.'),
      rule(
        all(status(401), code('invalid_client')),
        'invalid_credentials',
        'Daylight does not accept this client id with this secret.',
      ),
    ],
  }),
})
