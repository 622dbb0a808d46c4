import { defineCarrier } from '../define.ts'
import { flag, identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'couriers_please',
  name: 'couriers_please',
  title: 'CouriersPlease',
  countries: ['AU'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/couriersplease-guide',
  manifest: {
    requirement: 'required',
    source:
      'https://support.shippit.com/hc/en-us/articles/15064244634009--Process-Change-For-Unmanifested-Freight',
  },
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    api_secret: secret('API secret'),
    add_ship_date_during_label_creation: flag('Add ship date during label creation'),
    skip_rating_during_label_creation: flag('Skip rating during label creation'),
  },
})
