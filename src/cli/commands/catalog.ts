import { findByScac, findCarrier } from '../../catalog/find-carrier.ts'
import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import { formSchema } from '../../catalog/forms/json-schema.ts'
import { suggestAnyCarrier } from '../../catalog/suggest-carrier.ts'
import { summarize } from '../../catalog/verification.ts'
import { StartRefused } from '../../errors.ts'
import type { CommandCall } from '../command.ts'
import { describeCarrier } from './describe-carrier.ts'

/** Prints every carrier with its mode, its names, its title and its status, which says whether the carrier can be connected. */
export async function listCarriers({ values, print }: CommandCall<{ json?: boolean }>): Promise<number> {
  const rows = [...parcelCarriers, ...ltlCarriers].map((carrier) => ({
    mode: carrier.mode,
    names: carrier.mode === 'ltl' ? carrier.scacs : [carrier.name, ...carrier.aliases],
    title: carrier.title,
    status:
      carrier.closed?.kind ?? (carrier.mode === 'ltl' && carrier.sandbox ? 'sandbox only' : 'connectable'),
  }))
  if (values.json) print(JSON.stringify({ carriers: rows }))
  else
    for (const { mode, names, title, status } of rows)
      print([mode.padEnd(6), names.join(' ').padEnd(34), title.padEnd(44), status].join(' ').trimEnd())
  return 0
}

/** Prints one carrier with its forms, in words or as JSON Schemas. */
export async function showCarrier({
  values,
  words,
  print,
}: CommandCall<{ json?: boolean }>): Promise<number> {
  const [name = ''] = words
  const carrier = findCarrier(name) ?? findByScac(name)
  if (!carrier)
    throw new StartRefused(`The catalog has no carrier of this name or SCAC.${suggestAnyCarrier(name)}`)
  if (!values.json) {
    print(describeCarrier(carrier))
    return 0
  }
  const forms =
    carrier.mode === 'ltl'
      ? { credentials: formSchema(carrier.credentials) }
      : {
          connect: formSchema(carrier.connect, carrier.together, carrier.spellings),
          update: carrier.update ? formSchema(carrier.update, [], carrier.spellings) : null,
          settings: carrier.settings ? formSchema(carrier.settings) : null,
        }
  const { verify, ...facts } = carrier
  const shown = { ...facts, verification: summarize(verify), ...forms }
  print(JSON.stringify(shown))
  return 0
}
