import { defineCarrier } from '../define.ts'
import { count, flag, nickname, text } from '../fields.ts'

export default defineCarrier({
  id: 'newgistics',
  name: 'newgistics',
  title: 'Newgistics',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_newgistics_request_body)',
  connect: {
    merchant_id: count('Merchant id', { identifier: true }),
    mailer_id: count('Mailer id'),
    induction_site: text('Induction site'),
    nickname: nickname(),
  },
  settings: {
    include_barcode_with_order_number: flag('Include barcode with order number'),
    receive_email_on_manifest_processing: flag('Receive email on manifest processing'),
  },
})
