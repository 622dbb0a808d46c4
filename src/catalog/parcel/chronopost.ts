import { defineCarrier } from '../define.ts'
import { group, identifier, nickname, optional, secret, text } from '../fields.ts'
import { bodyCode } from '../recipes/body-code.ts'
import { code, rule, says } from '../recipes/rules.ts'
import { xml } from '../recipes/xml.ts'

export default defineCarrier({
  id: 'chronopost',
  name: 'chronopost',
  title: 'Chronopost',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    password: secret('Password'),
    injection_address_heading: group('Injection address heading', {
      title: optional(text('Title', { maxLength: 13 })),
      name: optional(text('Name', { maxLength: 100 })),
      company: optional(text('Company', { maxLength: 100 })),
      address1: optional(text('Address line 1', { maxLength: 38 })),
      address2: optional(text('Address line 2', { maxLength: 38 })),
      city: optional(text('City', { maxLength: 50 })),
      postal_code: optional(text('Postal code', { maxLength: 9 })),
      country: optional(text('Country', { maxLength: 2 })),
      contact_name: optional(text('Contact name', { maxLength: 100 })),
      email: optional(text('E-mail', { maxLength: 80 })),
      phone: optional(text('Phone', { maxLength: 17 })),
    }),
  },
  spellings: {
    title: 'injection_address_heading.title',
    name: 'injection_address_heading.name',
    company: 'injection_address_heading.company',
    address1: 'injection_address_heading.address1',
    address2: 'injection_address_heading.address2',
    city: 'injection_address_heading.city',
    postal_code: 'injection_address_heading.postal_code',
    country: 'injection_address_heading.country',
    contact_name: 'injection_address_heading.contact_name',
    email: 'injection_address_heading.email',
    phone: 'injection_address_heading.phone',
  },
  verify: bodyCode({
    source:
      'https://github.com/karrioapi/karrio (modules/connectors/chronopost); https://github.com/Kwaadpepper/Chronopost-Api-Php (src/Exceptions/QuickCost/ErrorCode.php)',
    needs: ['account_number', 'password'],
    login: 'account_number',
    url: 'https://ws.chronopost.fr/quickcost-cxf/QuickcostServiceWS',
    headers: { soapaction: '""' },
    // Of the two price enquiries the one that needs no product code.
    body: ({ values }) =>
      xml`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:q="http://cxf.quickcost.soap.chronopost.fr/"><soapenv:Body><q:calculateProducts><accountNumber>${values.account_number}</accountNumber><password>${values.password}</password><depCountryCode>FR</depCountryCode><depZipCode>75001</depZipCode><arrCountryCode>FR</arrCountryCode><arrZipCode>75002</arrZipCode><arrCity>PARIS</arrCity><type>M</type><weight>1</weight></q:calculateProducts></soapenv:Body></soapenv:Envelope>`,
    codes: { xml: ['errorCode'] },
    rules: [
      rule(
        code('3'),
        'invalid_credentials',
        'Chronopost does not accept this account number with this password.',
      ),
      rule(code('0'), 'verified', 'Chronopost accepts these credentials.'),
      rule(code('4', '5'), 'inconclusive', 'Chronopost has no price for the test parcel.'),
      rule(code('2'), 'inconclusive', 'Chronopost finds the test enquiry incomplete.'),
      rule(code('1'), 'unavailable', 'Chronopost’s system fails at the moment.'),
      rule(says(/<(?:[\w.-]+:)?fault[\s>]/), 'unavailable', 'Chronopost’s system could not answer.'),
    ],
  }),
})
