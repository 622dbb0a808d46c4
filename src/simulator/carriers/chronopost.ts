import { always, defineSimulatedCarrier, elementOf, xmlReply } from '../define.ts'

const soap = (body: string) =>
  `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`

const answer = (code: number, rest = '') =>
  xmlReply(
    200,
    soap(
      `<ns1:calculateProductsResponse xmlns:ns1="http://cxf.quickcost.soap.chronopost.fr/"><return><errorCode>${code}</errorCode>${rest}</return></ns1:calculateProductsResponse>`,
    ),
  )

const products = '<productList><amount>5.2</amount><productCode>1</productCode></productList>'
const fault = soap(
  '<soap:Fault><faultcode>soap:Server</faultcode><faultstring>Error</faultstring></soap:Fault>',
)

const ASKED = ['depCountryCode', 'depZipCode', 'arrCountryCode', 'arrZipCode', 'arrCity', 'type', 'weight']

/** Answers price enquiries with the error codes of the Chronopost quick-cost service. */
export default defineSimulatedCarrier({
  carrier: 'chronopost',
  answer: (call, accounts) => {
    if (!/<(\w+):calculateProducts>/.test(call.body ?? '')) return xmlReply(500, fault)
    if (!ASKED.every((name) => elementOf(call, name))) return answer(2)
    const number = elementOf(call, 'accountNumber')
    const password = elementOf(call, 'password')
    const known = accounts.some(
      ({ values }) => values.account_number === number && values.password === password,
    )
    return known ? answer(0, products) : answer(3, '<errorMessage>invalid account</errorMessage>')
  },
  scripts: {
    code_4: always('inconclusive', answer(4)),
    code_5: always('inconclusive', answer(5)),
    code_2: always('inconclusive', answer(2)),
    code_1: always('unavailable', answer(1)),
    fault: always('unavailable', xmlReply(500, fault)),
    fault_with_status_200: always('unavailable', xmlReply(200, fault)),
    code_nobody_knows: always('inconclusive', answer(777)),
  },
})
