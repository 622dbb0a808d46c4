import type { ActorName } from '../context.ts'

/** Describes every actor that is no API key. */
export const others = {
  cli: 'The command line on the machine of the server.',
  system: 'Hawser by itself.',
  anonymous: 'Somebody whose key proved nothing.',
} as const satisfies Record<Exclude<ActorName, `key:${string}`>, string>

const KEY = /^(?:key:)?([0-9A-Za-z]{12})$/

/** This text names the forms that an actor has in the audit log. */
export const ACTOR_FORMS = `key:<id>, the id of a key, ${Object.keys(others)
  .join(', ')
  .replace(/, (?=[a-z]+$)/, ' or ')}`

/** Returns the actor that a text means, as the audit log names actors; the bare id of a key means that key. Returns `undefined` for a text that names nobody. */
export function parseActor(text: string): ActorName | undefined {
  if (Object.hasOwn(others, text)) return text as keyof typeof others
  const keyId = KEY.exec(text)?.[1]
  return keyId === undefined ? undefined : `key:${keyId}`
}

/** Returns the id of the key that an actor is; `undefined` for an actor that is no key. */
export const keyIdOf = (actor: string): string | undefined =>
  actor.startsWith('key:') ? actor.slice('key:'.length) : undefined
