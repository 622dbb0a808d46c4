import type { Verification } from '../verification.ts'
import { hostsOf } from './hosts.ts'
import { probeStep } from './probe.ts'
import { tokenStep } from './token.ts'

type Recipe = {
  source: string
  needs: readonly string[]
  login: string
  uses?: readonly string[]
  operator: readonly string[]
  /** Mints a token from the operator's own client; it proves nothing about the caller. */
  token: Parameters<typeof tokenStep>[0]
  /** The call under that token that names the caller's account. */
  account: Parameters<typeof probeStep>[0] & { url: string }
}

/** The account of a caller who holds no key at the carrier: named in a call under a token of the operator's own client. */
export function operatorAccount({ token, account, ...facts }: Recipe): Verification {
  return {
    ...facts,
    hosts: hostsOf(token.url, account.url),
    steps: [
      { ...tokenStep(token), asOperator: true },
      { ...probeStep(account), asOperator: true },
    ],
  }
}
