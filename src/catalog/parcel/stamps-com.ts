import { option, parcel, service } from '../codes.ts'
import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { bodyCode } from '../recipes/body-code.ts'
import { all, code, fact, rule, says, status } from '../recipes/rules.ts'
import { readXml, textsOf, xml } from '../recipes/xml.ts'
import type { Reading, Reply, Verification } from '../verification.ts'

// The version and the date of the namespace belong together.
const SWSIM = 'http://stamps.com/xml/namespace/2023/07/swsim/SwsimV135'

/** A SOAP fault stands in an HTTP 500 here; its code in an attribute or a text under `detail`. The Authenticator itself is not kept: every answer replaces it. */
function readLogin(reply: Reply): Reading | undefined {
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

const verify: Verification = { ...login, steps: [{ ...login.steps[0], read: readLogin }] }

export default defineCarrier({
  id: 'stamps_com',
  name: 'stamps_com',
  title: 'Stamps.com',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  manifest: { requirement: 'optional', source: 'https://goshippo.com/docs/manifests/' },
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
  verify,
  traits: { requires_funded_amount: true, supports_label_messages: true },
  services: [
    service('usps_first_class_mail', 'USPS First Class Mail', 'domestic'),
    service('usps_media_mail', 'USPS Media Mail', 'domestic'),
    service('usps_parcel_select', 'USPS Parcel Select Ground', 'domestic'),
    service('usps_priority_mail', 'USPS Priority Mail', 'domestic'),
    service('usps_priority_mail_express', 'USPS Priority Mail Express', 'domestic'),
    service('usps_first_class_mail_international', 'USPS First Class Mail Intl', 'international'),
    service('usps_priority_mail_international', 'USPS Priority Mail Intl', 'international'),
    service('usps_priority_mail_express_international', 'USPS Priority Mail Express Intl', 'international'),
    service('usps_ground_advantage', 'USPS Ground Advantage', 'domestic'),
    service('globalpost_economy', 'GlobalPost Economy Intl', 'international'),
    service('globalpost_priority', 'GlobalPost Standard Intl', 'international'),
    service('gp_plus', 'GlobalPost Plus', 'international'),
    service('globalpost_parcel_select_smart_saver', 'GlobalPost Parcel Select SmartSaver', 'domestic'),
  ],
  packages: [
    parcel('cubic', 'Cubic', 'Cubic-priced parcel'),
    parcel('flat_rate_envelope', 'Flat Rate Envelope', 'USPS cardboard flat rate envelope'),
    parcel('flat_rate_legal_envelope', 'Flat Rate Legal Envelope', 'Legal-size flat rate envelope'),
    parcel('flat_rate_padded_envelope', 'Flat Rate Padded Envelope', 'Padded flat rate envelope'),
    parcel(
      'large_envelope_or_flat',
      'Large Envelope or Flat',
      'Large envelope or flat, within flat size limits',
    ),
    parcel('large_flat_rate_box', 'Large Flat Rate Box'),
    parcel('large_package', 'Large Package (any side > 12")', 'Length plus girth over 84" and up to 108"'),
    parcel('letter', 'Letter'),
    parcel('medium_flat_rate_box', 'Medium Flat Rate Box', 'USPS medium flat rate box'),
    parcel('non_rectangular', 'Non Rectangular Package', 'Cylindrical or other non-rectangular parcel'),
    parcel('package', 'Package', 'Length plus girth up to 84"'),
    parcel('regional_rate_box_a', 'Regional Rate Box A'),
    parcel('regional_rate_box_b', 'Regional Rate Box B'),
    parcel('small_flat_rate_box', 'Small Flat Rate Box'),
    parcel('thick_envelope', 'Thick Envelope', 'Envelope or flat thicker than 3/4"'),
  ],
  options: [
    option('non_machinable', 'false'),
    option('bill_to_account', null, 'Bill To Account'),
    option('bill_to_party', null, 'Bill To Party'),
    option('bill_to_postal_code', null, 'Bill To Postal Code'),
    option('bill_to_country_code', null, 'Bill To Country Code'),
    option('canada_delivered_duty', null, 'Who bears delivery duties on US to CA orders'),
    option('dangerous_goods', null, 'Shipment holds dangerous goods'),
    option('dangerous_goods_category', null, 'Category of the dangerous goods'),
    option('return_receipt', null, 'Physical or electronic return receipt wanted'),
    option('registered_mail_value', null, 'Value declared for registered mail'),
  ],
  codeSources: [
    'https://github.com/ShipEngine/shipengine-js (test/utils/mocks/mock-list-carriers-200.js)',
    'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine/carriers/success.yml)',
    'https://github.com/Sen-tio/unofficial-shipengine (tests/carriers/vcr_cassettes/TestCarriers.test_get_carriers.yaml)',
  ],
})
