import { basicAuth } from '../recipes/basic-auth.ts'
import { pathSegment } from '../recipes/path-segment.ts'
import { probe } from '../recipes/probe.ts'
import { all, code, fact, rule, says, status } from '../recipes/rules.ts'

/** Asks Canada Post for the customer with the customer number of the credentials. */
export const verify = probe({
  source:
    'https://www.canadapost.ca/info/mc/business/productsservices/developers/messagescodetables.jsf; Get Customer Information – REST (creditstatus.jsf beside it)',
  host: 'soa-gw.canadapost.ca',
  needs: ['api_key', 'api_secret', 'account_number'],
  login: 'api_key',
  url: ({ values }) => `https://soa-gw.canadapost.ca/rs/customer/${pathSegment(values.account_number)}`,
  headers: ({ values }) => ({
    accept: 'application/vnd.cpc.customer+xml',
    'accept-language': 'en-CA',
    authorization: basicAuth(values.api_key, values.api_secret),
  }),
  format: 'xml',
  codes: ['code'],
  facts: ['customer-number'],
  rules: [
    rule(
      all(
        status(200),
        fact('customer-number', (number) => number !== undefined),
      ),
      'verified',
      'Canada Post accepts the API key for this customer number.',
    ),
    rule(code('E002'), 'invalid_credentials', 'Canada Post does not accept this API key with this secret.'),
    rule(
      code('AA001', 'AA01'),
      'invalid_credentials',
      'The user of this API key is deactivated at Canada Post; rejoin its developer program.',
    ),
    rule(
      code('AA002', 'AA02'),
      'not_entitled',
      'This API key is for the development environment of Canada Post; a production key is needed.',
    ),
    rule(
      code('AA003', 'AA03', 'AA004', 'AA04'),
      'not_entitled',
      'This API key does not belong to this customer number at Canada Post.',
    ),
    rule(
      all(code('Server'), says(/rejected by slm monitor/)),
      'rate_limited',
      'Canada Post asks to wait about a minute.',
    ),
    // This rule is the last, so that a code that says more decides first.
    rule(status(401), 'invalid_credentials', 'Canada Post does not accept this API key with this secret.'),
  ],
})
