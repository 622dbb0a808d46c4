import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { code, rule } from '../recipes/rules.ts'
import { signedBody } from '../recipes/signed-body.ts'
import { xml } from '../recipes/xml.ts'

export default defineCarrier({
  id: 'mondial_relay',
  name: 'mondial_relay',
  title: 'Mondial Relay',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  connect: {
    nickname: nickname(),
    api_key: secret('API key', { minLength: 8 }),
    enseigne: identifier('Enseigne'),
  },
  verify: signedBody({
    source: 'https://api.mondialrelay.com/Web_Services.asmx (WSI2_RechercheCP, STAT codes)',
    needs: ['enseigne', 'api_key'],
    login: 'enseigne',
    url: 'https://api.mondialrelay.com/Web_Services.asmx',
    headers: { soapaction: '"http://www.mondialrelay.fr/webservice/WSI2_RechercheCP"' },
    parameters: ({ values }) => ({
      Enseigne: String(values.enseigne),
      Pays: 'FR',
      Ville: 'Paris',
      NbResult: '1',
    }),
    privateKey: ({ values }) => String(values.api_key),
    body: ({ Enseigne, Pays, Ville, NbResult }, signature) =>
      xml`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><WSI2_RechercheCP xmlns="http://www.mondialrelay.fr/webservice/"><Enseigne>${Enseigne}</Enseigne><Pays>${Pays}</Pays><Ville>${Ville}</Ville><NbResult>${NbResult}</NbResult><Security>${signature}</Security></WSI2_RechercheCP></soap:Body></soap:Envelope>`,
    codes: { xml: ['STAT'] },
    rules: [
      rule(
        code('1', '2', '3', '8', '97'),
        'invalid_credentials',
        'Mondial Relay does not accept this enseigne with this API key.',
      ),
      rule(code('95'), 'not_entitled', 'The account is not activated at Mondial Relay.'),
      rule(code('0'), 'verified', 'Mondial Relay accepts these credentials.'),
      rule(code('9', '35', '36', '37'), 'inconclusive', 'Mondial Relay refused the town of the test search.'),
      rule(code('98', '99'), 'unavailable', 'Mondial Relay’s system fails at the moment.'),
    ],
  }),
})
