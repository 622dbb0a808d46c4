import type { Verification } from '../verification.ts'
import { operatorAccount } from './operator-account.ts'
import { all, code, codeBegins, fact, minted, rule, status } from './rules.ts'

type FedexQuoteRecipe = {
  source: string
  title: string
  path: string
  /** `quote` returns the body of the request for a quote for this account number. */
  quote: (accountNumber: string) => Readonly<Record<string, unknown>>
}

const OF_ACCOUNT = codeBegins('ACCOUNT.NUMBER.')

/** Verifies an account at FedEx by asking for a quote for the account, with a token of the operator's own project. */
export function fedexQuote({ source, title, path, quote }: FedexQuoteRecipe): Verification {
  return operatorAccount({
    source,
    needs: ['account_number'],
    login: 'account_number',
    operator: ['fedex_client_id', 'fedex_client_secret'],
    token: {
      url: 'https://apis.fedex.com/oauth/token',
      form: ({ operator }) => ({
        grant_type: 'client_credentials',
        client_id: String(operator.fedex_client_id),
        client_secret: String(operator.fedex_client_secret),
      }),
      token: ['access_token'],
      lifetime: 'expires_in',
      codes: ['errors[].code'],
      rules: [
        rule(all(status(200), minted), 'continue', `${title} knows the operator’s project.`),
        rule(
          code('NOT.AUTHORIZED.ERROR'),
          'platform_misconfigured',
          `${title} does not accept the key of the operator’s own project.`,
        ),
        rule(
          code('FORBIDDEN.ERROR'),
          'platform_misconfigured',
          `${title} does not let the operator’s own project use its API.`,
        ),
      ],
    },
    account: {
      url: `https://apis.fedex.com${path}`,
      headers: ({ token }) => ({
        authorization: `Bearer ${token?.reveal()}`,
        'content-type': 'application/json',
        'x-locale': 'en_US',
      }),
      body: ({ values }) => {
        const number = String(values.account_number)
        return JSON.stringify({ accountNumber: { value: number }, ...quote(number) })
      },
      format: 'json',
      codes: ['errors[].code', 'output.alerts[].code'],
      facts: ['output.rateReplyDetails[].serviceType'],
      rules: [
        rule(
          all(status(200), OF_ACCOUNT),
          'inconclusive',
          `${title} quotes a price, but with a doubt about the account number.`,
        ),
        rule(
          all(
            status(200),
            fact('output.rateReplyDetails[].serviceType', (type) => type !== undefined),
          ),
          'verified',
          `${title} quotes prices for this account.`,
        ),
        rule(
          all(status(400), OF_ACCOUNT),
          'not_entitled',
          `${title} does not accept this account number: it is unknown, or not linked to the operator’s project.`,
        ),
        rule(
          code('NOT.AUTHORIZED.ERROR', 'FORBIDDEN.ERROR'),
          'platform_misconfigured',
          `${title} does not let the operator’s own project ask for prices.`,
        ),
      ],
    },
  })
}
