import { always, basicUser, defineSimulatedCarrier, jsonReply } from '../define.ts'
import { tokenOf } from '../oauth.ts'

const kong = (message: string) => jsonReply(401, { message })

/** Checks the key in the carrier's own header, and then the user of a Basic header. */
export default defineSimulatedCarrier({
  carrier: 'EXLA',
  answer: (call, accounts) => {
    const ours = accounts.filter(
      ({ values }) => values.api_key !== undefined && values.api_key === call.headers.apikey,
    )
    if (ours.length === 0) return kong('No API key found in request')
    const login = basicUser(call)
    return login &&
      ours.some(({ values }) => values.username === login.user && values.password === login.password)
      ? jsonReply(200, { token: tokenOf(login.user, login.password) })
      : kong('Unauthorized')
  },
  scripts: {
    key_refused: always('invalid_credentials', kong('Invalid API key')),
    refused_in_silence: always('invalid_credentials', { status: 401, headers: {}, body: '' }),
    no_token: always('inconclusive', jsonReply(200, { token: '' })),
  },
})
