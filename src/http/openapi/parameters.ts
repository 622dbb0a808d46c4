import type { ConditionName } from '../../errors.ts'
import type { RouteDescription } from './describe.ts'

type Parameter = { about: string; example: string; refuses: readonly ConditionName[] }

const LTL_ID = '0b6f2f5e-6f0e-4d0c-9a53-5a3f6f0f9a11'
const PARCEL_ID = 'se-3eb7iqdmcr9q37lg'

/** `parameters` is the table of all names in paths, each with the conditions under which it may be refused. */
const parameters = {
  carrier_name: {
    about:
      'The carrier, by its name in the catalog; letter case, `-` in place of `_`, and other names that the catalog lists make no difference.',
    example: 'stamps_com',
    refuses: ['carrier_unknown'],
  },
  carrier_code: {
    about: 'The SCAC of an LTL carrier, in any letter case.',
    example: 'ODFL',
    refuses: ['scac_unknown'],
  },
  carrier_id: {
    about: 'The id of a connection, as its connect answered it.',
    example: PARCEL_ID,
    refuses: ['carrier_id_malformed', 'connection_unknown'],
  },
  carrier: {
    about: 'The id of an LTL connection.',
    example: LTL_ID,
    refuses: ['carrier_id_malformed', 'connection_unknown'],
  },
  scac: {
    about: 'The SCAC of an LTL carrier, in any letter case.',
    example: 'ODFL',
    refuses: ['scac_unknown'],
  },
  account_id: {
    about: 'The id of an account of this partner.',
    example: 'se-28529731',
    refuses: ['id_malformed', 'account_unknown'],
  },
  external_account_id: {
    about: 'The id that the partner gave the account in its own system.',
    example: 'shop-4711',
    refuses: ['id_malformed', 'account_unknown'],
  },
  api_key_id: {
    about: 'The id of an API key, which is no secret.',
    example: '4cXz8mQe1RtB',
    refuses: ['id_malformed', 'api_key_unknown'],
  },
  key_id: {
    about: 'The id of an API key of the account, which is no secret.',
    example: '4cXz8mQe1RtB',
    refuses: ['id_malformed', 'api_key_unknown'],
  },
  webhook_id: {
    about: 'The id of a webhook.',
    example: 'se-28529731',
    refuses: ['id_malformed', 'webhook_unknown'],
  },
  label_id: {
    about: 'The id of a recorded label.',
    example: 'se-28529731',
    refuses: ['id_malformed', 'label_unknown'],
  },
  external_shipment_id: {
    about: 'The id that a shipment has in your own system, as its label was recorded with it.',
    example: 'order-4711',
    refuses: ['label_unknown'],
  },
  manifest_id: {
    about: 'The id of a recorded manifest.',
    example: 'se-28529731',
    refuses: ['id_malformed', 'manifest_unknown'],
  },
} satisfies Record<string, Parameter>

export type ParameterName = keyof typeof parameters

const table: Readonly<Record<string, Parameter>> = parameters

/** Returns the parameters of a path with their names, in their order; throws an `Error` for a name that the table does not have. */
export function pathParameters(
  url: string,
  { named = {} }: Pick<RouteDescription, 'named'>,
): [name: string, parameter: Parameter][] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => {
    const parameter = table[named[name] ?? name]
    if (!parameter) throw new Error(`The API description does not say what ${name} is in ${url}.`)
    const isLtl = url.startsWith('/v-beta/') && parameter.example === PARCEL_ID
    return [name, isLtl ? { ...parameter, example: LTL_ID } : parameter]
  })
}
