import { probe } from '../recipes/probe.ts'
import { all, fact, rule, status } from '../recipes/rules.ts'
import { xml } from '../recipes/xml.ts'

const LABEL_SERVER = 'labelserver.endicia.com'

const succeeded = fact('Status', (answer) => answer === '0')
const refused = fact('Status', (answer) => answer !== undefined && answer !== '0')

/** Asks Endicia for the state of the merchant's account, with the account's passphrase and the operator's registration. */
export const verify = probe({
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
})
