import type { Call, Reply } from '../catalog/verification.ts'
import {
  at,
  defineSimulatedCarrier,
  jsonReply,
  type SimulatedAccount,
  type SimulatedCarrier,
} from './define.ts'
import { bearerOf, formOf, jsonOf, memberOf, tokenOf } from './oauth.ts'

const TOKEN = '/oauth/token'
const QUOTES = '/rate/v1/'

const refusal = (status: number, code: string) =>
  jsonReply(status, { transactionId: 'simulated', errors: [{ code, message: 'Refused.' }] })
const quote = (serviceType: string, ...alerts: string[]) =>
  jsonReply(200, {
    transactionId: 'simulated',
    output: { rateReplyDetails: [{ serviceType }], alerts: alerts.map((code) => ({ code })) },
  })

const answer =
  (path: string, serviceType: string) =>
  (call: Call, accounts: readonly SimulatedAccount[]): Reply => {
    const { pathname } = new URL(call.url)
    if (pathname === TOKEN) {
      const form = formOf(call)
      const [client, secret] = [form.get('client_id'), form.get('client_secret')]
      const known = accounts.some(
        ({ operator }) => operator.fedex_client_id === client && operator.fedex_client_secret === secret,
      )
      return known && client && secret && form.get('grant_type') === 'client_credentials'
        ? jsonReply(200, {
            access_token: tokenOf(client, secret),
            token_type: 'bearer',
            expires_in: 3599,
            scope: 'CXS',
          })
        : refusal(401, 'NOT.AUTHORIZED.ERROR')
    }
    if (pathname !== path) return refusal(404, 'NOT.FOUND.ERROR')
    const ours = accounts.filter(
      ({ operator }) => tokenOf(operator.fedex_client_id, operator.fedex_client_secret) === bearerOf(call),
    )
    if (ours.length === 0) return refusal(401, 'NOT.AUTHORIZED.ERROR')
    const number = memberOf(jsonOf(call), 'accountNumber', 'value')
    return ours.some(({ values }) => values.account_number === number)
      ? quote(serviceType)
      : refusal(400, 'ACCOUNT.NUMBER.MISMATCH')
  }

const scripts: SimulatedCarrier['scripts'] = {
  project_forbidden: at(TOKEN, 'platform_misconfigured', refusal(403, 'FORBIDDEN.ERROR')),
  token_refused_in_silence: at(TOKEN, 'platform_misconfigured', { status: 401, headers: {}, body: '' }),
  internal_error: at(TOKEN, 'unavailable', refusal(500, 'INTERNAL.SERVER.ERROR')),
  service_unavailable: at(QUOTES, 'unavailable', refusal(503, 'SERVICE.UNAVAILABLE.ERROR')),
  not_linked: at(QUOTES, 'not_entitled', refusal(400, 'ACCOUNT.NUMBER.INVALID')),
  no_rates: at(QUOTES, 'platform_misconfigured', refusal(403, 'FORBIDDEN.ERROR')),
  token_spoiled: at(QUOTES, 'platform_misconfigured', refusal(401, 'NOT.AUTHORIZED.ERROR')),
  quote_with_doubt: at(QUOTES, 'inconclusive', quote('FEDEX_GROUND', 'ACCOUNT.NUMBER.MISMATCH')),
  empty_quote: at(QUOTES, 'inconclusive', jsonReply(200, { output: {} })),
  invalid_input: at(QUOTES, 'inconclusive', refusal(400, 'INVALID.INPUT.EXCEPTION')),
}

/** Simulates a FedEx carrier, which issues tokens to the projects that it knows, and answers quotes at `path` for the accounts that it knows. */
export const simulateFedex = ({
  carrier,
  path,
  serviceType,
}: {
  carrier: string
  path: string
  serviceType: string
}): SimulatedCarrier => defineSimulatedCarrier({ carrier, answer: answer(path, serviceType), scripts })
