/** The value of an `Authorization` header for a user and a password, in UTF-8 (RFC 7617). */
export const basicAuth = (user: unknown, password: unknown): string =>
  `Basic ${Buffer.from(`${String(user)}:${String(password)}`, 'utf8').toString('base64')}`
