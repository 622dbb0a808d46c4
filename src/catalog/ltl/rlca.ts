import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'
import { probe } from '../recipes/probe.ts'
import { all, codeSays, either, fact, inFormat, rule, says, status } from '../recipes/rules.ts'

export default defineLtlCarrier({
  id: 'RLCA',
  scacs: ['RLCA'],
  title: 'R+L Carriers',
  docs: 'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine_ltl)',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  verify: probe({
    source: 'https://api.rlc.com/swagger/docs/v1',
    host: 'api.rlc.com',
    needs: ['key'],
    login: 'key',
    url: 'https://api.rlc.com/ServicePoint?ZipOrPostalCode=43015&CountryCode=USA',
    headers: ({ values }) => ({ apikey: String(values.key), accept: 'application/json' }),
    format: 'json',
    codes: ['Errors[].ErrorMessage'],
    facts: ['Code'],
    rules: [
      rule(
        all(
          status(200),
          fact('Code', (answer) => answer === '0' || answer === '200'),
          says(/"servicepoints"\s*:\s*\[\s*\{/),
          (seen) => seen.codes.length === 0,
        ),
        'verified',
        'R+L Carriers accepts this key.',
      ),
      rule(
        either(all(status(401, 403), inFormat), codeSays(/api ?key/i)),
        'invalid_credentials',
        'R+L Carriers does not accept this key.',
      ),
    ],
  }),
})
