import { basicAuth } from '../recipes/basic-auth.ts'
import { probe } from '../recipes/probe.ts'
import { all, anyCode, either, fact, refusal, rule, status } from '../recipes/rules.ts'

/** Asks DHL Express to check a public address; DHL Express does so only for a site id and a password that it knows. */
export const verify = probe({
  source:
    'https://developer.dhl.com/api-reference/dhl-express-mydhl-api; https://github.com/karrioapi/karrio (modules/connectors/mydhl)',
  host: 'express.api.dhl.com',
  needs: ['site_id', 'password'],
  login: 'site_id',
  url: 'https://express.api.dhl.com/mydhlapi/address-validate?type=delivery&countryCode=US&postalCode=10001',
  headers: ({ values }) => ({
    accept: 'application/json',
    authorization: basicAuth(values.site_id, values.password),
  }),
  format: 'json',
  // These stand in the problem documents of the API itself, which only an authenticated request reaches.
  codes: ['title', 'detail', 'message'],
  facts: ['address[].countryCode'],
  rules: [
    rule(status(401), 'invalid_credentials', 'DHL Express does not accept this site id with this password.'),
    rule(status(403), 'not_entitled', 'DHL Express does not let these credentials use the MyDHL API.'),
    rule(
      either(
        all(
          status(200),
          fact('address[].countryCode', (country) => country !== undefined),
        ),
        all(refusal, anyCode),
      ),
      'verified',
      'DHL Express accepts the site id and the password; the account number was not asked about.',
    ),
  ],
})
