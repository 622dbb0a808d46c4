import type { Call, Reply, VerificationOutcome } from '../../catalog/verification.ts'
import {
  always,
  at,
  defineSimulatedCarrier,
  jsonReply,
  type SimulatedAccount,
  type CarrierScript,
} from '../define.ts'

const LABEL = '/sls-ws/'
const CONTRACT = '/api-ewe/'

const label = (...ids: string[]) => ({
  messages: ids.map((id) => ({ id, type: id === '0' ? 'INFOS' : 'ERROR', messageContent: '' })),
})

/** Wraps JSON into a multipart message, as the label service does for an answer that may have a label beside the JSON. */
function multipart(status: number, json: unknown): Reply {
  const boundary = 'uuid:3f1c2d6e-0000-4000-8000-000000000000'
  const part = [
    `--${boundary}`,
    'Content-Type: application/json;charset=UTF-8',
    'Content-Transfer-Encoding: binary',
    'Content-ID: <jsonInfos>',
    '',
    JSON.stringify(json),
    `--${boundary}--`,
    '',
  ].join('\r\n')
  return { status, headers: { 'content-type': `multipart/mixed;boundary="${boundary}"` }, body: part }
}

type Sent = {
  contractNumber?: string
  password?: string
  letter?: { service?: { depositDate?: string }; parcel?: { weight?: number } }
  credential?: { login?: string; password?: string }
}

const holds = (accounts: readonly SimulatedAccount[], user: unknown, password: unknown) =>
  accounts.some(({ values }) => values.username === user && values.password === password)

function answer(call: Call, accounts: readonly SimulatedAccount[]): Reply {
  const sent = JSON.parse(call.body ?? '{}') as Sent
  const path = new URL(call.url).pathname
  if (path.startsWith(CONTRACT))
    return holds(accounts, sent.credential?.login, sent.credential?.password)
      ? jsonReply(200, { contractType: 'PRIVILEGE', cgv: { accepted: true }, messageErreur: '' })
      : wrongContract
  if (!path.endsWith('/checkGenerateLabel')) return jsonReply(404, {})
  if (!holds(accounts, sent.contractNumber, sent.password)) return jsonReply(400, label('30000'))
  const dated = /^\d{4}-\d{2}-\d{2}$/.test(sent.letter?.service?.depositDate ?? '')
  return dated && sent.letter?.parcel?.weight ? multipart(200, label('0')) : jsonReply(400, label('30220'))
}

const wrongContract = jsonReply(200, { messageErreur: 'Identifiant ou mot de passe incorrect' })

/** Builds a script in which the label service refuses the parcel without an answer about the password, and the contract service answers `contract`. */
const afterParcel = (outcome: VerificationOutcome, contract: Reply): CarrierScript => ({
  outcome,
  reply: (call) =>
    new URL(call.url).pathname.startsWith(LABEL) ? jsonReply(400, label('30108', '30220')) : contract,
})

/** Answers as the Colissimo label service does, with its message ids, and as the Colissimo contract service does. */
export default defineSimulatedCarrier({
  carrier: 'colissimo',
  answer,
  scripts: {
    refusal_in_multipart: always('invalid_credentials', multipart(200, label('30000'))),
    parcel_refused: at(LABEL, 'verified', jsonReply(400, label('30108'))),
    contract_refused: afterParcel('invalid_credentials', wrongContract),
    contract_error: afterParcel('inconclusive', jsonReply(200, { messageErreur: 'Partenaire inconnu' })),
    contract_empty: afterParcel('inconclusive', jsonReply(200, { cgv: {} })),
    contract_down: afterParcel('unavailable', {
      status: 503,
      headers: { 'content-type': 'text/html' },
      body: '<html></html>',
    }),
    multipart_without_json: always('unavailable', {
      status: 200,
      headers: { 'content-type': 'multipart/mixed; boundary=x' },
      body: '--x\r\nContent-Type: text/plain\r\n\r\n{"messages":[{"id":"0"}]}\r\n--x--\r\n',
    }),
    no_messages: always('inconclusive', jsonReply(200, label())),
  },
})
