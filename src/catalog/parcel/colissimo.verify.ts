import { bodyCodeStep } from '../recipes/body-code.ts'
import { all, anyCode, code, fact, rule, says, status } from '../recipes/rules.ts'
import type { Material, Verification } from '../verification.ts'

const HOST = 'ws.colissimo.fr'
const ADDRESS = { line2: '1 rue de Rivoli', countryCode: 'FR', city: 'Paris', zipCode: '75001' }
const WRONG = 'Colissimo does not accept this username with this password.'
const RIGHT = 'Colissimo accepts these credentials.'

/** Returns the present day in Paris, since the day on which a parcel is handed over is given in the time of Paris. */
const today = ({ at }: Material) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris', dateStyle: 'short' }).format(at)

/** Asks Colissimo to check a label that is never made. */
const checkLabel = bodyCodeStep(
  {
    url: `https://${HOST}/sls-ws/SlsServiceWSRest/2.0/checkGenerateLabel`,
    body: (material) =>
      JSON.stringify({
        contractNumber: String(material.values.username),
        password: String(material.values.password),
        outputFormat: { x: 0, y: 0, outputPrintingType: 'PDF_10x15_300dpi' },
        letter: {
          service: { productCode: 'DOM', depositDate: today(material) },
          parcel: { weight: 1 },
          sender: { address: { companyName: 'Test', ...ADDRESS } },
          addressee: { address: { lastName: 'Test', firstName: 'Test', ...ADDRESS } },
        },
      }),
    codes: { json: ['messages[].id'] },
  },
  [
    rule(code('30000'), 'invalid_credentials', WRONG),
    rule(code('0'), 'verified', RIGHT),
    // No page says whether the parcel is checked before the password, so the contract decides.
    rule(all(status(200, 400), anyCode), 'continue', 'Colissimo refused the test parcel.'),
  ],
)

/** Asks Colissimo what the contract allows, by the call that Colissimo's own plug-in makes. */
const readContract = bodyCodeStep(
  {
    url: `https://${HOST}/api-ewe/v1/rest/additionalinformations`,
    body: ({ values }) =>
      JSON.stringify({
        credential: { login: String(values.username), password: String(values.password) },
        tagInfoPartner: 'HAWSER',
      }),
    codes: { json: [] },
    facts: ['messageErreur'],
  },
  [
    rule(
      all(
        status(200),
        fact('messageErreur', (message = '') => message === ''),
        says(/"cgv"\s*:\s*\{\s*"/),
      ),
      'verified',
      RIGHT,
    ),
    rule(
      fact('messageErreur', (message = '') => /mot de passe|password|login/i.test(message)),
      'invalid_credentials',
      WRONG,
    ),
  ],
)

/** Asks Colissimo to check a test label, and asks what the contract allows where the check of the label decides nothing. */
export const verify: Verification = {
  source:
    'https://github.com/karrioapi/community (plugins/colissimo); https://wordpress.org/plugins/colissimo-shipping-methods-for-woocommerce (admin/lpc_account_api.php)',
  hosts: [HOST],
  needs: ['username', 'password'],
  login: 'username',
  operator: [],
  steps: [checkLabel, readContract],
}
