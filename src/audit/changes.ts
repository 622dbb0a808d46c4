/** What may be shown of a value. */
export type Shown = string | number | boolean | null

/** What became of one field that is not secret, by its name on the wire; a member stands behind its object. */
export type Change = { field: string; before: Shown; after: Shown }

/** Values by the names that they are shown under; what is not set may be absent. */
export type ShownValues = Readonly<Record<string, Shown | undefined>>

/** Of a longer text the log keeps the beginning: nobody reads an image there. */
const LONGEST = 150

/** What of `before` is another value in `after`, in the order of both; nothing secret may be in either. */
export function changesBetween(before: ShownValues, after: ShownValues): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((field) => {
    const [one = null, other = null] = [before[field], after[field]]
    return one === other ? [] : [{ field, before: begin(one), after: begin(other) }]
  })
}

function begin(value: Shown): Shown {
  if (typeof value !== 'string' || value.length <= LONGEST) return value
  // By characters, so that none is cut in two.
  const characters = [...value.slice(0, 2 * LONGEST + 1)]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : value
}
