import { bodyCode } from '../recipes/body-code.ts'
import { all, code, fact, rule, says, status } from '../recipes/rules.ts'
import { readXml, textsOf, xml } from '../recipes/xml.ts'
import type { ReplyWords, Reply, Verification } from '../verification.ts'

// The version and the date of the namespace belong together.
const SWSIM = 'http://stamps.com/xml/namespace/2023/07/swsim/SwsimV135'

/** Reads the answer to a login. A SOAP fault comes with HTTP 500 and has its code under `detail`, in an attribute or a text. The Authenticator of Stamps.com is not kept, since every answer replaces it. */
function readLogin(reply: Reply): ReplyWords | undefined {
  const elements = readXml(reply.body)
  if (!elements) return undefined
  const start = elements.findIndex(({ name }) => name === 'detail')
  const detail = start < 0 ? [] : elements.slice(start)
  const codes = detail.flatMap(({ name, text, attributes }) => [
    ...(attributes.code === undefined ? [] : [attributes.code]),
    ...(/code$/i.test(name) ? [text.trim()] : []),
  ])
  return {
    codes: codes.map((found) => found.toLowerCase().replace(/^0x/, '')),
    text: textsOf(elements, 'faultstring').join(' ').toLowerCase(),
    facts: {
      authenticator: textsOf(elements, 'Authenticator').some((text) => text !== '') ? 'given' : undefined,
      fault: elements.some(({ name }) => name === 'Fault') ? 'given' : undefined,
    },
  }
}

const login = bodyCode({
  source: 'https://developer.stamps.com/soap-api/reference/swsimv135.html',
  needs: ['username', 'password'],
  login: 'username',
  operator: ['stamps_com_integration_id'],
  url: 'https://swsim.stamps.com/swsim/swsimv135.asmx',
  headers: { soapaction: `"${SWSIM}/AuthenticateUser"` },
  body: ({ values, operator }) =>
    xml`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><AuthenticateUser xmlns="${SWSIM}"><Credentials><IntegrationID>${operator.stamps_com_integration_id}</IntegrationID><Username>${values.username}</Username><Password>${values.password}</Password></Credentials></AuthenticateUser></soap:Body></soap:Envelope>`,
  codes: { xml: [] },
  rules: [
    rule(
      all(
        status(200),
        fact('authenticator', (given) => given !== undefined),
      ),
      'verified',
      'Stamps.com accepts these credentials.',
    ),
    rule(
      code('002b0601'),
      'invalid_credentials',
      'Stamps.com does not accept this username with this password.',
    ),
    rule(
      code('002b0201', '002b0202', '002b0203', '002b0204'),
      'inconclusive',
      'Stamps.com lost the session of the test login.',
    ),
    rule(
      says(/soapaction/),
      'platform_misconfigured',
      'Stamps.com no longer offers the version of its API that the operator’s registration is used with.',
    ),
    rule(
      says(/integration/),
      'platform_misconfigured',
      'Stamps.com does not accept the integration that the operator has registered there.',
    ),
    rule(
      fact('fault', (given) => given !== undefined),
      'inconclusive',
      'Stamps.com refused the test login for a reason that says nothing about these credentials.',
    ),
  ],
})

/** Asks Stamps.com to log the merchant in. */
export const verify: Verification = { ...login, steps: [{ ...login.steps[0], read: readLogin }] }
