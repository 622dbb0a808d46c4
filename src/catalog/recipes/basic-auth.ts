import { Unsendable } from '../sendable.ts'

/** Builds the value of an `Authorization` header for a user and a password, in UTF-8 (RFC 7617). Throws `Unsendable` for a user with a colon, since the carrier would read everything after the colon as a part of the password. */
export const basicAuth = (user: unknown, password: unknown): string => {
  if (String(user).includes(':')) throw new Unsendable()
  return `Basic ${Buffer.from(`${String(user)}:${String(password)}`, 'utf8').toString('base64')}`
}
