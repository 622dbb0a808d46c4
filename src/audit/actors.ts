import type { ActorName } from '../context.ts'

/** Those who act and are no key, each in words. */
export const others = {
  cli: 'The command line on the machine of the server.',
  system: 'Hawser by itself.',
  anonymous: 'Somebody whose key proved nothing.',
} as const satisfies Record<Exclude<ActorName, `key:${string}`>, string>

const KEY = /^(?:key:)?([0-9A-Za-z]{12})$/

/** The forms that an actor of the log has, for whoever asks for one. */
export const ACTOR_FORMS = `key:<id>, the id of a key, ${Object.keys(others)
  .join(', ')
  .replace(/, (?=[a-z]+$)/, ' or ')}`

/** The actor that is meant by a text, as the log names him; the bare id of a key is that key. `undefined` for what names nobody. */
export function parseActor(text: string): ActorName | undefined {
  if (Object.hasOwn(others, text)) return text as keyof typeof others
  const keyId = KEY.exec(text)?.[1]
  return keyId === undefined ? undefined : `key:${keyId}`
}

/** The id of the key that an actor is. */
export const keyIdOf = (actor: string): string | undefined =>
  actor.startsWith('key:') ? actor.slice('key:'.length) : undefined
