import { simulateFedex } from '../fedex-quote.ts'

/** Answers quotes for pallets of FedEx Freight accounts. */
export default simulateFedex({
  carrier: 'FXFE',
  path: '/rate/v1/freight/rates/quotes',
  serviceType: 'FEDEX_FREIGHT_PRIORITY',
})
