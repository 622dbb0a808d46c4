import type { Verification } from '../verification.ts'
import { hostsOf } from './hosts.ts'
import { probeStep } from './probe.ts'
import { tokenStep } from './token.ts'

type OperatorAccountRecipe = {
  source: string
  needs: readonly string[]
  login: string
  uses?: readonly string[]
  operator: readonly string[]
  /** `token` mints a token for the operator's own client; the token says nothing about the caller. */
  token: Parameters<typeof tokenStep>[0]
  /** `account` is the call with the token of `token`; the call names the caller's account. */
  account: Parameters<typeof probeStep>[0] & { url: string }
}

/** Verifies the account of a caller who has no key at the carrier: a call with a token of the operator's own client names the account. */
export function operatorAccount({ token, account, ...facts }: OperatorAccountRecipe): Verification {
  return {
    ...facts,
    hosts: hostsOf(token.url, account.url),
    steps: [
      { ...tokenStep(token), asOperator: true },
      { ...probeStep(account), asOperator: true },
    ],
  }
}
