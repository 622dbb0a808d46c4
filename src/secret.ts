import { inspect } from 'node:util'

const REDACTED = '[secret]'

/** The text with `[secret]` in place of every API key that it repeats, whole or cut off. */
export const withoutApiKeys = (text: string): string => text.replaceAll(/(TEST_)?hws_\w{8,}/g, REDACTED)

/** A value that no printing, JSON, template or inspection can show; only `reveal()` hands it out. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself; call it where the secret is used, never on the way there. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
