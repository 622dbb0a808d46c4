import type { Call, Reply, VerificationOutcome } from '../../../src/catalog/verification.ts'
import { noWayOut } from '../../../src/context.ts'
import type { Outbound } from '../../../src/outbound/http.ts'
import { basicUser, jsonReply, xmlReply } from '../../../src/simulator/define.ts'
import { findSimulated } from '../../../src/simulator/find-simulated.ts'
import { weather } from '../../../src/simulator/weather.ts'
import type { Clock } from '../clock.ts'

export type ScriptedOutcome = Exclude<VerificationOutcome, 'platform_misconfigured'>
type Asked = { carrier: string; account: string; at: number }

/** The two scripted carriers answer for each account what a test says, and remember what they were asked. */
export type ScriptedCarriers = {
  outbound: Outbound
  asked: Asked[]
  of: (account: string) => Asked[]
  /** Sets what the carriers say of an account from here on; until then they verify it. */
  say: (
    account: string,
    outcome: ScriptedOutcome | ((at: Date) => ScriptedOutcome | Promise<ScriptedOutcome>),
  ) => void
}

const accountOf = (call: Call) => basicUser(call)?.user ?? ''

function usual(carrier: string, call: Call): Reply {
  if (carrier === 'dhl_express') return jsonReply(200, { address: [{ countryCode: 'US' }] })
  const sent = basicUser(call)
  const account_number = decodeURIComponent(new URL(call.url).pathname.split('/').at(-1) ?? '')
  const values = { api_key: sent?.user, api_secret: sent?.password, account_number }
  const reply = findSimulated(carrier)?.answer(call, [{ values, operator: {} }])
  if (!reply) throw new Error('Nobody answers.')
  return reply
}

function replyOf(carrier: string, call: Call, outcome: ScriptedOutcome): Reply {
  const scripts = findSimulated(carrier)?.scripts ?? {}
  switch (outcome) {
    case 'verified':
      return usual(carrier, call)
    case 'invalid_credentials':
      return jsonReply(401, {})
    case 'not_entitled':
      return scripts.other_customer?.reply(call) ?? jsonReply(403, {})
    case 'inconclusive':
      return xmlReply(200, '<customer/>')
    case 'rate_limited':
      return weather.rate_limited?.reply(call) ?? jsonReply(429, {})
    case 'unavailable':
      throw new Error('Nobody answers.')
  }
}

/** Opens scripted carriers in place of Canada Post and DHL Express, which know an account by the user of its calls. */
export function openScriptedCarriers(clock: Pick<Clock, 'now'>): ScriptedCarriers {
  const asked: Asked[] = []
  const said = new Map<string, Parameters<ScriptedCarriers['say']>[1]>()
  return {
    asked,
    of: (account) => asked.filter((one) => one.account === account),
    say: (account, outcome) => void said.set(account, outcome),
    outbound: {
      ...noWayOut,
      ask: async (carrier, _hosts, call) => {
        const account = accountOf(call)
        asked.push({ carrier, account, at: clock.now().getTime() })
        const says = said.get(account) ?? 'verified'
        return replyOf(carrier, call, typeof says === 'string' ? says : await says(clock.now()))
      },
    },
  }
}
