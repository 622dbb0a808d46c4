import { execFileSync } from 'node:child_process'

/** Says that a program is missing on this machine, as a reason to leave a test out; `false` where it is there. */
export function missingProgram(program: string): string | false {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `no ${program} on this machine`
  }
}
