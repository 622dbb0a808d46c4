import { bodyCode } from '../recipes/body-code.ts'
import { code, rule, says } from '../recipes/rules.ts'
import { xml } from '../recipes/xml.ts'

/** Asks Chronopost for the prices of a test parcel; Chronopost tells them only for an account number with its password. */
export const verify = bodyCode({
  source:
    'https://github.com/karrioapi/karrio (modules/connectors/chronopost); https://github.com/Kwaadpepper/Chronopost-Api-Php (src/Exceptions/QuickCost/ErrorCode.php)',
  needs: ['account_number', 'password'],
  login: 'account_number',
  url: 'https://ws.chronopost.fr/quickcost-cxf/QuickcostServiceWS',
  headers: { soapaction: '""' },
  // Of the two price enquiries this one needs no product code.
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
})
