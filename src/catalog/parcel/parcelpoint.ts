import { defineCarrier } from '../define.ts'
import { flag, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'parcelpoint',
  name: 'parcelpoint',
  title: 'ParcelPoint',
  countries: ['AU'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/parcelpoint-guide',
  connect: {
    nickname: nickname(),
    apikey_return: optional(secret('API key for returns')),
    apikey_click_collect: optional(secret('API key for click and collect')),
    apikey_dropoff_delivery: optional(secret('API key for drop-off delivery')),
    depot_code: optional(text('Depot code')),
    enable_service_points: flag('Enable service points'),
  },
})
