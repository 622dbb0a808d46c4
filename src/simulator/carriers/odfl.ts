import { always, basicUser, defineSimulatedCarrier, jsonReply } from '../define.ts'
import { tokenOf } from '../oauth.ts'

const refusal = (status: number, ...errors: string[]) => jsonReply(status, { errors })

/** Gives a session token to the user of a Basic header; a refusal is an HTTP 400. */
export default defineSimulatedCarrier({
  carrier: 'ODFL',
  answer: (call, accounts) => {
    const login = basicUser(call)
    return login &&
      accounts.some(({ values }) => values.username === login.user && values.password === login.password)
      ? jsonReply(200, { sessionToken: tokenOf(login.user, login.password) })
      : refusal(400, 'Invalid credentials')
  },
  scripts: {
    refused_in_a_401: always('invalid_credentials', refusal(401, 'INVALID CREDENTIALS')),
    token_under_another_name: always('verified', jsonReply(200, { access_token: 'simulated' })),
    no_access: always('not_entitled', refusal(403, 'Access to the API is not set up')),
    other_error: always('inconclusive', refusal(400, 'The request is malformed')),
    no_token: always('inconclusive', jsonReply(200, {})),
  },
})
