import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'
import { basicAuth } from '../recipes/basic-auth.ts'
import { all, anyCode, either, minted, rule, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

export default defineCarrier({
  id: 'dpd',
  name: 'dpd',
  title: 'DPD UK',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dpd_request_body)',
  connect: {
    account_number: identifier('Account number'),
    password: secret('Password'),
    nickname: nickname(),
    username: optional(text('User name', { minLength: 1, extension: true })),
  },
  verify: tokenMint({
    source:
      'https://github.com/najathi/dpd-api-shipping-uk (signin.php); https://metacpan.org/pod/WebService::DPD::API',
    needs: ['username', 'password', 'account_number'],
    login: 'username',
    url: 'https://api.dpd.co.uk/user/?action=login',
    headers: ({ values }) => ({
      authorization: basicAuth(values.username, values.password),
      geoclient: `account/${String(values.account_number)}`,
    }),
    token: ['data.geoSession'],
    // No page says how long a session lasts.
    lifetime: 0,
    codes: ['error.errorCode', 'error.errorMessage', 'error[].errorCode', 'error[].errorMessage'],
    rules: [
      rule(minted, 'verified', 'DPD UK accepts these credentials.'),
      rule(
        either(status(401), all(status(200), anyCode)),
        'invalid_credentials',
        'DPD UK does not accept this user name with this password and account number.',
      ),
    ],
  }),
})
