import { inspect } from 'node:util'

const REDACTED = '[secret]'

/** Returns the text with `[secret]` in place of every API key in it, whole or cut off. */
export const withoutApiKeys = (text: string): string => text.replaceAll(/(TEST_)?hws_\w{8,}/g, REDACTED)

/** A `Secret` holds a value that no printing, JSON, template or inspection can show; only `reveal()` returns the value. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** Returns the value itself; call `reveal` only in the place that uses the secret. */
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
