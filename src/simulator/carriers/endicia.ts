import { always, defineSimulatedCarrier, elementOf, xmlReply } from '../define.ts'
import { formOf } from '../oauth.ts'

const response = (inner: string) =>
  xmlReply(200, `<AccountStatusResponse xmlns="www.envmgr.com/LabelService">${inner}</AccountStatusResponse>`)
const refusal = (status: number, message: string) =>
  response(`<Status>${status}</Status><ErrorMessage>${message}</ErrorMessage>`)
const account = (state: string) =>
  response(
    `<Status>0</Status><CertifiedIntermediary><AccountID>0</AccountID><PostageBalance>10.00</PostageBalance><AccountStatus>${state}</AccountStatus></CertifiedIntermediary>`,
  )

/** Tells the state of an account to a partner that the carrier knows; every refusal comes with HTTP 200. */
export default defineSimulatedCarrier({
  carrier: 'endicia',
  answer: (call, accounts) => {
    const request = { ...call, body: formOf(call).get('accountStatusRequestXML') ?? '' }
    const ours = accounts.filter(
      ({ operator }) => operator.endicia_requester_id === elementOf(request, 'RequesterID'),
    )
    if (ours.length === 0) return refusal(1001, 'The RequesterID is invalid.')
    const known = ours.filter(({ values }) => values.account === elementOf(request, 'AccountID'))
    if (known.length === 0) return refusal(12101, 'The account number is invalid.')
    return known.some(({ values }) => values.passphrase === elementOf(request, 'PassPhrase'))
      ? account('A')
      : refusal(1002, 'The pass phrase is not correct.')
  },
  scripts: {
    suspended: always('not_entitled', account('S')),
    no_account_in_it: always('inconclusive', response('<Status>0</Status>')),
    wrong_passphrase: always('invalid_credentials', refusal(1002, 'Invalid PassPhrase')),
    other_refusal: always('inconclusive', refusal(1003, 'The request could not be read.')),
  },
})
