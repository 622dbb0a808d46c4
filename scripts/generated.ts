import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Writes generated files, or with `--check` compares them with what is committed and fails on a difference. */
export function emit(files: Record<string, string>): void {
  const checking = process.argv.includes('--check')
  const stale: string[] = []
  for (const [path, content] of Object.entries(files)) {
    const current = existsSync(path) ? readFileSync(path, 'utf8') : undefined
    if (current === content) continue
    if (checking) stale.push(path)
    else writeFileSync(path, content)
  }
  if (stale.length === 0) return
  console.error(`Out of date: ${stale.join(', ')}. Run "npm run gen" and commit what it writes.`)
  process.exitCode = 1
}
