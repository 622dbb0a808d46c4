import { spawnSync } from 'node:child_process'

// What has to hold before a change is proposed; each step is a script of its own. The first that fails ends it.
const steps: Record<string, string[]> = {
  types: ['run', '-s', 'types'],
  lint: ['run', '-s', 'lint'],
  format: ['run', '-s', 'format:check'],
  generated: ['run', '-s', 'gen:check'],
  'tests on SQLite': ['test', '-s', '--', '--sqlite', '--quick'],
}
for (const [name, words] of Object.entries(steps)) {
  const start = performance.now()
  const { status } = spawnSync('npm', words, { stdio: 'inherit', shell: process.platform === 'win32' })
  console.log(
    `${status === 0 ? 'ok' : 'FAILED'}  ${name}, ${((performance.now() - start) / 1_000).toFixed(1)} s`,
  )
  if (status !== 0) {
    process.exitCode = 1
    break
  }
}
