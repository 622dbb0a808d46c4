/** The two keys that a first start printed, or none. */
export function firstKeys(stdout: string): { production: string; sandbox: string } | undefined {
  const production = /^ +production +(hws_\w+)$/m.exec(stdout)?.[1]
  const sandbox = /^ +sandbox +(TEST_hws_\w+)$/m.exec(stdout)?.[1]
  return production && sandbox ? { production, sandbox } : undefined
}

/** The same, of a start that has to have printed them. */
export function requireFirstKeys(stdout: string): { production: string; sandbox: string } {
  const keys = firstKeys(stdout)
  if (!keys) throw new Error(`The first start printed no keys:\n${stdout}`)
  return keys
}
