import { option, parcel, service } from '../codes.ts'
import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { probe } from '../recipes/probe.ts'
import { all, fact, rule, status } from '../recipes/rules.ts'
import { xml } from '../recipes/xml.ts'

const LABEL_SERVER = 'labelserver.endicia.com'

const succeeded = fact('Status', (answer) => answer === '0')
const refused = fact('Status', (answer) => answer !== undefined && answer !== '0')

export default defineCarrier({
  id: 'endicia',
  name: 'endicia',
  title: 'Endicia',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  manifest: { requirement: 'optional', source: 'https://www.ecommercebytes.com/cab/cab/abn/y11/m02/i07/s01' },
  connect: {
    nickname: nickname(),
    account: identifier('Account'),
    passphrase: secret('Passphrase'),
  },
  verify: probe({
    source: 'https://elstestserver.endicia.com/LabelService/EwsLabelService.asmx (GetAccountStatusXML)',
    // Endicia names a Label Server with each requester id; this is the usual one.
    host: LABEL_SERVER,
    hostFrom: 'endicia_host',
    needs: ['account', 'passphrase'],
    login: 'account',
    operator: ['endicia_requester_id'],
    url: ({ operator: { endicia_host = LABEL_SERVER } }) =>
      `https://${endicia_host}/LabelService/EwsLabelService.asmx/GetAccountStatusXML`,
    headers: () => ({ 'content-type': 'application/x-www-form-urlencoded' }),
    body: ({ values, operator, requestId }) =>
      new URLSearchParams({
        accountStatusRequestXML: xml`<AccountStatusRequest ResponseVersion="1"><RequesterID>${operator.endicia_requester_id}</RequesterID><RequestID>${requestId}</RequestID><CertifiedIntermediary><AccountID>${values.account}</AccountID><PassPhrase>${values.passphrase}</PassPhrase></CertifiedIntermediary></AccountStatusRequest>`,
      }).toString(),
    format: 'xml',
    facts: ['Status', 'ErrorMessage', 'CertifiedIntermediary', 'AccountStatus'],
    rules: [
      rule(
        all(
          status(200),
          succeeded,
          fact('CertifiedIntermediary', (part) => part !== undefined),
          fact('AccountStatus', (state) => state === 'A'),
        ),
        'verified',
        'Endicia accepts these credentials, and the account is active.',
      ),
      rule(
        all(
          succeeded,
          fact('AccountStatus', (state) => state !== undefined && state !== 'A'),
        ),
        'not_entitled',
        'The account is not active at Endicia.',
      ),
      rule(
        fact('Status', (answer) => answer === '12101'),
        'invalid_credentials',
        'Endicia does not know this account.',
      ),
      rule(
        all(
          refused,
          fact('ErrorMessage', (message = '') => /pass ?phrase/i.test(message)),
        ),
        'invalid_credentials',
        'Endicia does not accept this passphrase for the account.',
      ),
      rule(
        all(
          refused,
          fact('ErrorMessage', (message = '') => /requester ?id/i.test(message)),
        ),
        'platform_misconfigured',
        'Endicia does not accept the partner number that it issued to the operator.',
      ),
    ],
  }),
  traits: { requires_funded_amount: true, supports_label_messages: true },
  services: [
    service('usps_first_class_mail', 'USPS First Class Mail', 'domestic'),
    service('usps_media_mail', 'USPS Media Mail', 'domestic'),
    service('usps_parcel_select', 'USPS Parcel Select Ground', 'domestic'),
    service('usps_priority_mail', 'USPS Priority Mail', 'domestic'),
    service('usps_priority_mail_express', 'USPS Priority Mail Express', 'domestic'),
    service('usps_first_class_package_international', 'USPS First Class Package Intl', 'international'),
    service('usps_first_class_mail_international', 'USPS First Class Mail Intl', 'international'),
    service('usps_priority_mail_international', 'USPS Priority Mail Intl', 'international'),
    service('usps_priority_mail_express_international', 'USPS Priority Mail Express Intl', 'international'),
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
    parcel('package', 'Package', 'Length plus girth up to 84"'),
    parcel('regional_rate_box_a', 'Regional Rate Box A'),
    parcel('regional_rate_box_b', 'Regional Rate Box B'),
    parcel('small_flat_rate_box', 'Small Flat Rate Box'),
    parcel('thick_envelope', 'Thick Envelope', 'Envelope or flat thicker than 3/4"'),
  ],
  options: [option('non_machinable', 'false')],
  codeSources: [
    'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine/carriers/success.yml)',
  ],
})
