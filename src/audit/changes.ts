/** Describes a value that may be shown. */
export type ShownValue = string | number | boolean | null

/** Describes the change of one field that is not secret, by its wire name; a member of an object is named `object.member`. */
export type FieldChange = { field: string; before: ShownValue; after: ShownValue }

/** Describes values by the names that they are shown under; a value that is not set may be absent. */
export type ShownValues = Readonly<Record<string, ShownValue | undefined>>

/** The audit log keeps only this many characters of a longer text, such as an image in base64, since nobody reads that in a log. */
const LONGEST = 150

/** Returns the changes from `before` to `after`: first the fields of `before` in their order, then the fields that only `after` has. Neither may contain a secret. */
export function changesBetween(before: ShownValues, after: ShownValues): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((field) => {
    const one = before[field] ?? null
    const other = after[field] ?? null
    return one === other ? [] : [{ field, before: begin(one), after: begin(other) }]
  })
}

function begin(value: ShownValue): ShownValue {
  if (typeof value !== 'string' || value.length <= LONGEST) return value
  // The text is cut between characters, so that none is cut in two.
  const characters = [...value.slice(0, 2 * LONGEST + 1)]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : value
}
