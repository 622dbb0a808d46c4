import { defineLtlCarrier } from '../define.ts'
import { identifier, optional, secret, text } from '../fields.ts'
import { all, code, either, minted, rule, says, status } from '../recipes/rules.ts'
import { tokenMint } from '../recipes/token.ts'

// As the carrier's own portal shows them to everyone.
const TENANT = 'ca4f5969-c10f-40d4-8127-e74b691f95de'
const SCOPE = 'https://tffproduction.onmicrosoft.com/04cc9749-dbe5-4914-b262-d866b907756b/.default'

export default defineLtlCarrier({
  id: 'UPGF',
  scacs: ['UPGF'],
  title: 'UPS Freight',
  countries: ['CA', 'MX', 'US'],
  docs: 'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine_ltl)',
  credentials: {
    account_number: identifier('Account number'),
    key: secret('Key'),
    password: secret('Password'),
    username: text('Username'),
    client_id: optional(text('Client id', { minLength: 1, extension: true })),
    client_secret: optional(secret('Client secret', { extension: true })),
  },
  demands: 'all',
  form: 'documented',
  verify: tokenMint({
    source:
      'https://github.com/friendlycart/friendly_shipping (lib/friendly_shipping/services/tforce_freight.rb)',
    needs: ['client_id', 'client_secret'],
    login: 'client_id',
    url: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
    form: ({ values }) => ({
      grant_type: 'client_credentials',
      client_id: String(values.client_id),
      client_secret: String(values.client_secret),
      scope: SCOPE,
    }),
    token: ['access_token'],
    lifetime: 'expires_in',
    codes: ['error'],
    rules: [
      rule(all(status(200), minted), 'verified', 'TForce Freight accepts this client id with this secret.'),
      rule(
        all(status(400, 401), code('invalid_client', 'unauthorized_client')),
        'invalid_credentials',
        'TForce Freight does not accept this client id with this secret.',
      ),
      rule(
        either(code('invalid_scope'), says(/aadsts90002\b/)),
        'platform_misconfigured',
        'TForce Freight’s login is no longer where this server asks for it; its operator has to look into it.',
      ),
    ],
  }),
  features: ['auto_pro', 'connect', 'documents', 'quote', 'scheduled_pickup', 'spot_quote', 'tracking'],
  documentTypes: ['delivery_receipt'],
  services: [
    { code: 'gtd_noon', name: 'Guaranteed Noon', features: ['quote', 'scheduled_pickup'] },
    { code: 'gtd_pm', name: 'Guaranteed End of Day', features: ['quote', 'scheduled_pickup'] },
    { code: 'stnd', name: 'Standard', features: ['quote', 'scheduled_pickup'] },
  ],
  packages: [
    { code: 'bag', name: 'Bag', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'bal', name: 'Bale', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'bbl', name: 'Barrel', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'bch', name: 'Bunch', features: ['quote', 'spot_quote'] },
    { code: 'bdl', name: 'Bundle', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'box', name: 'Box', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'cas', name: 'Case', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'crt', name: 'Crate', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'ctn', name: 'Carton', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'cyl', name: 'Cylinder', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'drm', name: 'Drum', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pal', name: 'Pail', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pat', name: 'Pallet', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pcs', name: 'Piece', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'pkg', name: 'Package', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'rck', name: 'Rack', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'rel', name: 'Reel', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'rol', name: 'Roll', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
    { code: 'skd', name: 'Skid', features: ['quote', 'spot_quote', 'scheduled_pickup'] },
  ],
  options: [
    {
      code: 'aptd',
      name: 'Appointment required at delivery',
      features: ['quote', 'spot_quote'],
      attributes: null,
    },
    {
      code: 'cnstd',
      name: 'Construction site delivery',
      features: ['quote', 'spot_quote'],
      attributes: null,
    },
    { code: 'cnstp', name: 'Construction site pickup', features: ['spot_quote'], attributes: null },
    {
      code: 'cod',
      name: 'Collect on delivery',
      features: ['quote'],
      attributes: { amount: { title: 'Amount', type: 'string' } },
    },
    {
      code: 'haz',
      name: 'Hazardous material',
      features: ['quote', 'spot_quote', 'scheduled_pickup'],
      attributes: {
        name: { title: 'Emergency Contact Name', type: 'string' },
        phone: { pattern: '([0-9]{10})', title: 'Emergency Contact Phone Number', type: 'string' },
      },
    },
    { code: 'idl', name: 'Inside delivery', features: ['quote', 'spot_quote'], attributes: null },
    {
      code: 'ins',
      name: 'Additional insurance/excess value',
      features: ['quote'],
      attributes: {
        additional_insurance_amount: { title: 'Additional Insurance Amount', type: 'string' },
        monetary_value: { title: 'Monetary Value', type: 'string' },
      },
    },
    { code: 'ipu', name: 'Inside pickup', features: ['quote', 'spot_quote'], attributes: null },
    {
      code: 'lftd',
      name: 'Lift gate required at delivery',
      features: ['quote', 'spot_quote'],
      attributes: null,
    },
    {
      code: 'lftp',
      name: 'Lift gate required at pickup',
      features: ['quote', 'spot_quote'],
      attributes: null,
    },
    { code: 'ltdad', name: 'Limited access delivery', features: ['quote', 'spot_quote'], attributes: null },
    { code: 'ltdap', name: 'Limited access pickup', features: ['quote', 'spot_quote'], attributes: null },
    { code: 'mnc', name: 'Must notify consignee', features: ['quote', 'spot_quote'], attributes: null },
    { code: 'ovr', name: 'Over dimension/excessive length', features: ['quote'], attributes: null },
    { code: 'psc', name: 'Protective from cold', features: ['spot_quote'], attributes: null },
    { code: 'psn', name: 'Poisonous material', features: ['quote'], attributes: null },
    { code: 'rep', name: 'Residential pickup', features: ['quote', 'spot_quote'], attributes: null },
    { code: 'res', name: 'Residential delivery', features: ['quote', 'spot_quote'], attributes: null },
    {
      code: 'srt',
      name: 'SRT - Sort and segregate',
      features: ['quote'],
      attributes: { pieces: { title: 'Pieces', type: 'string' } },
    },
  ],
})
