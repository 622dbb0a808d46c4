import { basicAuth } from '../recipes/basic-auth.ts'
import { pathSegment } from '../recipes/path-segment.ts'
import { probe } from '../recipes/probe.ts'
import { all, anyCode, fact, refusal, rule, status } from '../recipes/rules.ts'
import type { Rule } from '../verification.ts'

const isThisAccount: Rule['when'] = ({ facts }, { values }) => facts?.account_number === values.account_number

/** Asks Australia Post for the account whose number stands in the credentials. */
export const verify = probe({
  source:
    'https://github.com/chrishemmings/auspost (docs/Api/AccountApi.md); https://github.com/karrioapi/karrio (modules/connectors/australiapost)',
  host: 'digitalapi.auspost.com.au',
  needs: ['account_number', 'api_key', 'api_secret'],
  login: 'api_key',
  url: ({ values }) =>
    `https://digitalapi.auspost.com.au/shipping/v1/accounts/${pathSegment(values.account_number)}`,
  headers: ({ values }) => ({
    accept: 'application/json',
    'account-number': String(values.account_number),
    authorization: basicAuth(values.api_key, values.api_secret),
  }),
  format: 'json',
  codes: ['errors[].code'],
  facts: ['account_number', 'expired'],
  rules: [
    rule(
      all(
        status(200),
        isThisAccount,
        fact('expired', (expired) => expired !== 'true'),
      ),
      'verified',
      'Australia Post accepts the API key for this account.',
    ),
    rule(
      all(
        status(200),
        fact('expired', (expired) => expired === 'true'),
      ),
      'not_entitled',
      'The contract of this account with Australia Post has expired.',
    ),
    rule(
      status(401, 403),
      'invalid_credentials',
      'Australia Post does not accept this API key with this secret.',
    ),
    rule(all(refusal, anyCode), 'not_entitled', 'Australia Post does not let this API key use this account.'),
  ],
})
