import { Secret } from '../secret.ts'
import { hostName, isLoopback, optional, text, yesOrNo, type Setting } from './parsers.ts'

const parse = optional((given: string) => new Secret(text(given)))

const held = (about: string): Setting<Secret<string> | undefined> => ({
  parse,
  default: '',
  secret: true,
  file: true,
  about,
})

/** `operatorSettings` has the operator's own credentials at carriers that require a registration of each shipping platform; no merchant's credentials are in the table. */
export const operatorSettings = {
  HAWSER_UPS_CLIENT_ID: held(
    'Client id of your UPS developer app; with the secret, UPS accounts are verified.',
  ),
  HAWSER_UPS_CLIENT_SECRET: held('Client secret of your UPS developer app.'),
  HAWSER_FEDEX_CLIENT_ID: held('API key of your FedEx developer project; for FedEx and FedEx Freight.'),
  HAWSER_FEDEX_CLIENT_SECRET: held('Secret key of your FedEx developer project.'),
  HAWSER_STAMPS_COM_INTEGRATION_ID: held('Integration id of your registration with Stamps.com.'),
  HAWSER_ENDICIA_REQUESTER_ID: held('Requester id of your registration with Endicia.'),
  HAWSER_ENDICIA_HOST: {
    parse: optional((given: string) => new Secret(hostName(given))),
    default: '',
    about:
      'Host of the Label Server that Endicia named with your requester id, where it is not `labelserver.endicia.com`.',
  } satisfies Setting<Secret<string> | undefined>,
  HAWSER_XPO_ACCESS_KEY: held(
    'Access key of your XPO app: consumer key and secret in base64, as XPO issues it.',
  ),
}

/** `signInSettings` has the settings that let merchants sign in at a carrier itself; the setting of a carrier is named `HAWSER_<id>_SIGN_IN`, with the id of the carrier. */
export const signInSettings = {
  HAWSER_UPS_SIGN_IN: {
    parse: yesOrNo,
    default: 'false',
    about:
      'Sends who connects UPS to sign in there, with your UPS app (client id and secret). Register `<HAWSER_PUBLIC_URL>/v1/sign_in/return` as its callback; `HAWSER_PUBLIC_URL` has to be set, and to begin with `https://` where it does not name this machine.',
  } satisfies Setting<boolean>,
}

type OperatorSetting = keyof typeof operatorSettings
type SignInSetting = keyof typeof signInSettings

/** Returns the operator's values that are set, under the names that the recipes of the catalog use. */
export function operatorValues(
  values: Readonly<Record<OperatorSetting, Secret<string> | undefined>>,
): Secret<Readonly<Record<string, string>>> {
  const named = (Object.keys(operatorSettings) as OperatorSetting[]).flatMap((name) => {
    const value = values[name]?.reveal()
    return value === undefined ? [] : [[name.replace('HAWSER_', '').toLowerCase(), value] as const]
  })
  return new Secret(Object.fromEntries(named))
}

type SignInValues = Readonly<
  Record<OperatorSetting, unknown> &
    Record<SignInSetting, boolean> & { HAWSER_PUBLIC_URL: string | undefined }
>

/** Returns the ids of the carriers where merchants sign in; adds to `problems` each setting that such a carrier needs and that is not set, except the settings in `bad`, which are set to a bad value. */
export function signInCarriers(
  values: SignInValues,
  bad: ReadonlySet<string>,
  problems: string[],
): readonly string[] {
  const on = (Object.keys(signInSettings) as SignInSetting[]).filter((name) => values[name])
  for (const name of on) {
    const app = name.replace('_SIGN_IN', '_CLIENT_')
    const needed = [`${app}ID`, `${app}SECRET`, 'HAWSER_PUBLIC_URL'] as (keyof SignInValues)[]
    const missing = needed.filter((needs) => values[needs] === undefined && !bad.has(needs))
    if (missing.length > 0) problems.push(`${name} needs ${missing.join(' and ')} too.`)
    const back = values.HAWSER_PUBLIC_URL && new URL(values.HAWSER_PUBLIC_URL)
    if (back && back.protocol !== 'https:' && !isLoopback(back.hostname.replace(/^\[(.*)\]$/, '$1')))
      problems.push(
        `${name} needs a HAWSER_PUBLIC_URL that begins with https://, since codes come back to it.`,
      )
  }
  return on.map((name) => name.replace(/^HAWSER_(.*)_SIGN_IN$/, '$1').toLowerCase())
}
