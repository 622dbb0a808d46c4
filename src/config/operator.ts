import { Secret } from '../secret.ts'
import { optional, text } from './parsers.ts'
import type { Setting } from './settings.ts'

const parse = optional((given: string) => new Secret(text(given)))

const held = (about: string): Setting<Secret<string> | undefined> => ({
  parse,
  default: '',
  secret: true,
  file: true,
  about,
})

/** What the operator holds at carriers that tell one shipping platform from another; never the merchant's. */
export const operatorSettings = {
  HAWSER_UPS_CLIENT_ID: held(
    'Client id of your UPS developer app; with the secret, UPS accounts are verified.',
  ),
  HAWSER_UPS_CLIENT_SECRET: held('Client secret of your UPS developer app.'),
  HAWSER_FEDEX_CLIENT_ID: held('API key of your FedEx developer project; for FedEx and FedEx Freight.'),
  HAWSER_FEDEX_CLIENT_SECRET: held('Secret key of your FedEx developer project.'),
  HAWSER_STAMPS_COM_INTEGRATION_ID: held('Integration id of your registration with Stamps.com.'),
  HAWSER_ENDICIA_REQUESTER_ID: held('Requester id of your registration with Endicia.'),
  HAWSER_XPO_ACCESS_KEY: held(
    'Access key of your XPO app: consumer key and secret in base64, as XPO issues it.',
  ),
}

type OperatorSetting = keyof typeof operatorSettings

/** The operator's values that are set, by the names under which recipes ask for them. */
export function operatorValues(
  values: Readonly<Record<OperatorSetting, Secret<string> | undefined>>,
): Secret<Readonly<Record<string, string>>> {
  const named = (Object.keys(operatorSettings) as OperatorSetting[]).flatMap((name) => {
    const value = values[name]?.reveal()
    return value === undefined ? [] : [[name.replace('HAWSER_', '').toLowerCase(), value] as const]
  })
  return new Secret(Object.fromEntries(named))
}
