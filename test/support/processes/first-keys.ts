/** Finds the two keys that a first start printed; `undefined` means that there are none. */
export function firstKeys(stdout: string): { production: string; sandbox: string } | undefined {
  const production = /^ +production +(hws_\w+)$/m.exec(stdout)?.[1]
  const sandbox = /^ +sandbox +(TEST_hws_\w+)$/m.exec(stdout)?.[1]
  return production && sandbox ? { production, sandbox } : undefined
}

/** Finds the two keys that a first start printed, and throws when there are none. */
export function requireFirstKeys(stdout: string): { production: string; sandbox: string } {
  const keys = firstKeys(stdout)
  if (!keys) throw new Error(`The first start printed no keys:\n${stdout}`)
  return keys
}
