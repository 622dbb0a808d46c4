import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'TEST',
  scacs: ['TEST'],
  title: 'Test Carrier',
  countries: ['CA', 'MX', 'US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/sandbox-testing',
  credentials: anyCredentials,
  demands: 'none',
  form: 'documented',
  sandbox: { answer: 'accepts' },
  features: ['auto_pro', 'documents', 'quote', 'scheduled_pickup', 'spot_quote', 'tracking'],
  documentTypes: ['bill_of_lading', 'delivery_receipt'],
  services: [
    { code: 'gtd_am', name: 'Guaranteed Morning', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'gtd_noon', name: 'Guaranteed Noon', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
  ],
  packages: [
    { code: 'bag', name: 'Bag', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pal', name: 'Pail', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pcs', name: 'Piece', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pkg', name: 'Package', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'skd', name: 'Skid', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
  ],
})
