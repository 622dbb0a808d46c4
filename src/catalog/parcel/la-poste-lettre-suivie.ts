import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'la_poste_lettre_suivie',
  name: 'la_poste_lettre_suivie',
  title: 'La Poste Lettre Suivie',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/lettre-suivie-guide',
  connect: {
    nickname: nickname(),
    contract_number: text('Contract number'),
    cust_account_number: identifier('Customer account number'),
    client_id: optional(text('Client id')),
    client_secret: optional(secret('Client secret')),
    sales_channel: optional(text('Sales channel')),
  },
})
