import type { Carrier, Fields } from '../../catalog/define.ts'
import { demandOf, listFields } from '../../catalog/forms/field-rules.ts'
import { manifestSentence } from '../../catalog/manifest.ts'

/** Returns a text for people with everything that the catalog knows about a carrier. */
export function describeCarrier(carrier: Carrier): string {
  const { title, mode, docs, closed } = carrier
  const names = mode === 'ltl' ? carrier.scacs : [carrier.name, ...carrier.aliases]
  return [
    `${title} (${mode}): ${names.join(', ')}`,
    ...(closed ? [closed.reason] : formsOf(carrier)),
    verificationText(carrier),
    manifestSentence(carrier.manifest),
    `Source: ${docs}`,
  ].join('\n\n')
}

function formsOf(carrier: Carrier): string[] {
  if (carrier.mode === 'ltl') {
    const generic = carrier.form === 'generic' ? 'generic form; ' : ''
    return [`Credentials (${generic}required: ${demandOf(carrier)})\n${formOf(carrier.credentials)}`]
  }
  const { connect, update, cannotUpdate, settings } = carrier
  return [
    `Connect\n${formOf(connect)}`,
    update === connect
      ? 'The update takes the same fields.'
      : update
        ? `Update\n${formOf(update)}`
        : `Cannot be updated in place: ${cannotUpdate}.`,
    ...(settings ? [`Settings\n${formOf(settings)}`] : []),
  ]
}

function formOf(fields: Fields): string {
  const rows = listFields(fields)
  const widest = Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, type, rules]) => `  ${name.padEnd(widest)}  ${type.padEnd(7)}  ${rules}`.trimEnd())
    .join('\n')
}

function verificationText({ verify }: Carrier): string {
  if (!verify) return 'Its credentials cannot be proved: nothing public says how.'
  const setting = (name: string) => `HAWSER_${name.toUpperCase()}`
  const hosts = verify.hosts.join(', ') + (verify.hostFrom ? ` or at ${setting(verify.hostFrom)}` : '')
  const needs = [...verify.needs, ...verify.operator.map(setting)].join(', ')
  return `Credentials are proved at ${hosts} where ${needs} are set.`
}
