import { createHash } from 'node:crypto'
import { always, defineSimulatedCarrier, elementOf, xmlReply } from '../define.ts'

const result = (stat: number) =>
  xmlReply(
    200,
    `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><WSI2_RechercheCPResponse xmlns="http://www.mondialrelay.fr/webservice/"><WSI2_RechercheCPResult><STAT>${stat}</STAT></WSI2_RechercheCPResult></WSI2_RechercheCPResponse></soap:Body></soap:Envelope>`,
  )

const digestOf = (sent: readonly string[], key: unknown) =>
  createHash('md5')
    .update(Buffer.from(`${sent.join('')}${String(key)}`, 'latin1'))
    .digest('hex')
    .toUpperCase()

/** Answers with the STAT codes of the Mondial Relay web service; the simulator itself computes the digest of the request to check it. */
export default defineSimulatedCarrier({
  carrier: 'mondial_relay',
  answer: (call, accounts) => {
    const sent = ['Enseigne', 'Pays', 'Ville', 'CP', 'NbResult'].map((name) => elementOf(call, name) ?? '')
    const ours = accounts.filter(({ values }) => values.enseigne === sent[0])
    if (ours.length === 0) return result(1)
    const signature = elementOf(call, 'Security')
    return result(ours.some(({ values }) => digestOf(sent, values.api_key) === signature) ? 0 : 97)
  },
  scripts: {
    stat_2: always('invalid_credentials', result(2)),
    stat_3: always('invalid_credentials', result(3)),
    stat_8: always('invalid_credentials', result(8)),
    stat_95: always('not_entitled', result(95)),
    stat_9: always('inconclusive', result(9)),
    stat_35: always('inconclusive', result(35)),
    stat_98: always('unavailable', result(98)),
    stat_99: always('unavailable', result(99)),
    stat_nobody_knows: always('inconclusive', result(777)),
  },
})
