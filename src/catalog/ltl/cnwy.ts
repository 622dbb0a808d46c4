import { defineLtlCarrier } from '../define.ts'
import { identifier, secret, text } from '../fields.ts'
import { all, code, minted, rule, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

export default defineLtlCarrier({
  id: 'CNWY',
  scacs: ['CNWY', 'XPOL', 'XPO'],
  title: 'XPO',
  docs: 'public C# client of the LTL API; no page names the fields',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
    key: secret('Key'),
    account_number: identifier('Account number'),
  },
  demands: 'all',
  form: 'documented',
  verify: tokenMint({
    source: 'https://github.com/next-tms/freight_kit (lib/freight_kit/carriers/cnwy.rb)',
    needs: ['username', 'password'],
    login: 'username',
    operator: ['xpo_access_key'],
    url: 'https://api.ltl.xpo.com/token',
    headers: ({ operator }) => ({ authorization: `Basic ${operator.xpo_access_key}` }),
    form: ({ values }) => ({
      grant_type: 'password',
      username: String(values.username),
      password: String(values.password),
    }),
    token: ['access_token'],
    lifetime: 'expires_in',
    codes: ['error'],
    rules: [
      rule(all(status(200), minted), 'verified', 'XPO accepts these credentials.'),
      rule(
        all(status(400, 401), code('invalid_grant')),
        'invalid_credentials',
        'XPO does not accept this username with this password.',
      ),
      rule(
        all(status(401), code('invalid_client')),
        'platform_misconfigured',
        'XPO does not accept the access key that it issued to the operator.',
      ),
    ],
  }),
})
