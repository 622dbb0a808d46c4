import { defineLtlCarrier } from '../define.ts'
import { identifier, secret, text } from '../fields.ts'
import { basicAuth } from '../recipes/basic-auth.ts'
import { all, inFormat, minted, rule, says, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

export default defineLtlCarrier({
  id: 'ODFL',
  scacs: ['ODFL'],
  title: 'Old Dominion Freight Line',
  docs: 'public C# client of the LTL API; no page names the fields',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
    account_number: identifier('Account number'),
  },
  demands: 'all',
  form: 'documented',
  verify: tokenMint({
    source: 'https://github.com/austin-bagwell/shipping-doc-automation (src/api/getSessionToken.ts)',
    needs: ['username', 'password'],
    login: 'username',
    url: 'https://api.odfl.com/auth/v1.0/token',
    method: 'GET',
    headers: ({ values }) => ({ authorization: basicAuth(values.username, values.password) }),
    token: ['sessionToken', 'access_token'],
    lifetime: 3600,
    rules: [
      rule(all(status(200), minted), 'verified', 'Old Dominion accepts these credentials.'),
      rule(
        all(status(400, 401), says(/invalid credentials/)),
        'invalid_credentials',
        'Old Dominion does not accept this username with this password.',
      ),
      rule(all(status(403), inFormat), 'not_entitled', 'Old Dominion has not opened its API to this user.'),
    ],
  }),
})
