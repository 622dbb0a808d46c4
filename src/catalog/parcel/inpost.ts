import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'inpost',
  name: 'inpost',
  title: 'InPost UK',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/inpost-guide',
  connect: {
    nickname: nickname(),
    token: optional(secret('Token')),
    client_id: optional(identifier('Client id')),
    token_labelless: optional(secret('Token for labelless')),
    client_id_labelless: optional(text('Client id for labelless')),
  },
  spellings: {
    clientid: 'client_id',
    tokenlabelless: 'token_labelless',
    clientidlabelless: 'client_id_labelless',
  },
})
