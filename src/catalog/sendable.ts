import type { Material, Verification } from './verification.ts'

/** A value that cannot stand where a call needs it: no carrier can have given it out. */
export class Unsendable extends Error {
  constructor() {
    super('A value cannot stand where the call needs it.')
    this.name = 'Unsendable'
  }
}

/** Whether a text can be sent as the value of a header. */
export const isHeaderValue = (text: string): boolean => /^[\x20-\x7e\xa0-\xff]*$/.test(text)

/** The values that keep the calls of a proof from being sent, by name; empty where they can be, or where it is none of them. */
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
