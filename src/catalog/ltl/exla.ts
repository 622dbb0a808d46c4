import { defineLtlCarrier } from '../define.ts'
import { anyCredentials, optional, secret } from '../fields.ts'
import { basicAuth } from '../recipes/basic-auth.ts'
import { all, inFormat, minted, rule, says, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

export default defineLtlCarrier({
  id: 'EXLA',
  scacs: ['EXLA'],
  title: 'Estes Express Lines',
  docs: 'public transcript of the SMC3 EVA carrier list; no page of the LTL API names this carrier',
  credentials: { ...anyCredentials, api_key: optional(secret('API key', { extension: true })) },
  demands: 'some',
  form: 'generic',
  verify: tokenMint({
    source: 'https://developer.estes-express.com',
    needs: ['api_key', 'username', 'password'],
    login: 'username',
    url: 'https://cloudapi.estes-express.com/authenticate',
    headers: ({ values }) => ({
      apikey: String(values.api_key),
      authorization: basicAuth(values.username, values.password),
    }),
    token: ['token'],
    // Nothing public says how long the token lasts; it is good until it is refused.
    lifetime: 0,
    rules: [
      rule(all(status(200), minted), 'verified', 'Estes accepts these credentials.'),
      rule(all(status(401), says(/api ?key/)), 'invalid_credentials', 'Estes does not accept this API key.'),
      rule(
        all(status(401), inFormat),
        'invalid_credentials',
        'Estes does not accept this username with this password.',
      ),
    ],
  }),
})
