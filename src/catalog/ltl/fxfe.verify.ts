import { fedexQuote } from '../recipes/fedex-quote.ts'

const address = (street: string, city: string, state: string, postalCode: string) => ({
  streetLines: [street],
  city,
  stateOrProvinceCode: state,
  postalCode,
  countryCode: 'US',
})
const MEMPHIS = address('3610 Hacks Cross Road', 'Memphis', 'TN', '38125')
const NEW_YORK = address('421 8th Avenue', 'New York', 'NY', '10001')

/** Asks FedEx Freight for the price of a test pallet that the merchant's account would pay. */
export const verify = fedexQuote({
  source: 'https://github.com/karrioapi/karrio (modules/connectors/fedex/vendor/rate-api.json)',
  title: 'FedEx Freight',
  path: '/rate/v1/freight/rates/quotes',
  quote: (number) => ({
    freightRequestedShipment: {
      shipper: { address: MEMPHIS },
      recipient: { address: NEW_YORK },
      shippingChargesPayment: {
        paymentType: 'SENDER',
        payor: { responsibleParty: { address: MEMPHIS, accountNumber: { value: number } } },
      },
      rateRequestType: ['ACCOUNT'],
      requestedPackageLineItems: [
        {
          subPackagingType: 'PALLET',
          groupPackageCount: 1,
          weight: { units: 'LB', value: 500 },
          associatedFreightLineItems: [{ id: '1' }],
        },
      ],
      freightShipmentDetail: {
        role: 'SHIPPER',
        accountNumber: { value: number },
        fedExFreightBillingContactAndAddress: { address: MEMPHIS },
        totalHandlingUnits: 1,
        lineItem: [
          {
            id: '1',
            handlingUnits: 1,
            pieces: 1,
            subPackagingType: 'PALLET',
            freightClass: 'CLASS_050',
            weight: { units: 'LB', value: 500 },
            description: 'Pallet',
          },
        ],
      },
    },
  }),
})
