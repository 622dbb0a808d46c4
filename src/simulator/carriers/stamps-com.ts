import { always, defineSimulatedCarrier, elementOf, xmlReply } from '../define.ts'

const NAMESPACE = 'http://stamps.com/xml/namespace/2023/07/swsim/SwsimV135'

const envelope = (status: number, body: string) =>
  xmlReply(
    status,
    `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`,
  )
const fault = (text: string, detail: string) =>
  envelope(
    500,
    `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><detail>${detail}</detail></soap:Fault>`,
  )
const coded = (code: string, text: string) => fault(text, `<sdcerror code="${code}" context="login"/>`)
const loggedIn = (authenticator: string) =>
  envelope(
    200,
    `<AuthenticateUserResponse xmlns="${NAMESPACE}"><Authenticator>${authenticator}</Authenticator><LastLoginTime>2026-01-01T00:00:00Z</LastLoginTime></AuthenticateUserResponse>`,
  )

/** Logs in a user of an integration that the carrier knows; every refusal is a SOAP fault with HTTP 500. */
export default defineSimulatedCarrier({
  carrier: 'stamps_com',
  answer: (call, accounts) => {
    if (call.headers.soapaction !== `"${NAMESPACE}/AuthenticateUser"`)
      return fault('Server did not recognize the value of HTTP Header SOAPAction.', '')
    const ours = accounts.filter(
      ({ operator }) => operator.stamps_com_integration_id === elementOf(call, 'IntegrationID'),
    )
    if (ours.length === 0) return fault('Invalid integration.', '')
    return ours.some(
      ({ values }) =>
        values.username === elementOf(call, 'Username') && values.password === elementOf(call, 'Password'),
    )
      ? loggedIn('exp=1&amp;key=simulated')
      : coded('0x002b0601', 'Invalid SOAP message due to wrong credentials')
  },
  scripts: {
    code_without_prefix: always('invalid_credentials', coded('002B0601', 'Refused')),
    code_in_exception: always(
      'invalid_credentials',
      fault('Refused', '<stamps_exception code="0x002b0601">Refused</stamps_exception>'),
    ),
    code_as_text: always(
      'invalid_credentials',
      fault('Refused', '<error><errorcode>0x002b0601</errorcode></error>'),
    ),
    expired: always('inconclusive', coded('002b0202', 'Authentication expired')),
    version_retired: always(
      'platform_misconfigured',
      fault('Server did not recognize the value of HTTP Header SOAPAction: .', ''),
    ),
    integration_closed: always('platform_misconfigured', fault('IntegrationID is not active', '')),
    other_fault: always('inconclusive', coded('0x80040414', 'Insufficient postage')),
    no_authenticator: always('inconclusive', loggedIn('')),
    error_without_fault: always('unavailable', xmlReply(500, '<error/>')),
  },
})
