import type { Material, Verification } from './verification.ts'

/** An `Unsendable` means that a value cannot be written where a call needs the value; no carrier can have issued such a value. */
export class Unsendable extends Error {
  constructor() {
    super('A value cannot stand where the call needs it.')
    this.name = 'Unsendable'
  }
}

/** Tells whether a text can be sent as the value of a header. */
export const isHeaderValue = (text: string): boolean => /^[\x20-\x7e\xa0-\xff]*$/.test(text)

/** Lists the names of the values that keep the calls of a verification from being sent; the list is empty where the calls can be sent, or where no value is to blame. */
export function findUnsendable(recipe: Pick<Verification, 'steps'>, material: Material): string[] {
  const { values } = material
  if (canSend(recipe, material)) return []
  const names = Object.keys(values).filter((name) => typeof values[name] === 'string')
  const plain = Object.fromEntries(names.map((name) => [name, 'x']))
  const isToBlame = (name: string) =>
    !canSend(recipe, { ...material, values: { ...values, ...plain, [name]: values[name] } })
  return canSend(recipe, { ...material, values: { ...values, ...plain } }) ? names.filter(isToBlame) : []
}

function canSend({ steps }: Pick<Verification, 'steps'>, material: Material): boolean {
  try {
    return steps.every((step) => Object.values(step.call(material).headers).every(isHeaderValue))
  } catch (error) {
    if (error instanceof Unsendable) return false
    throw error
  }
}
