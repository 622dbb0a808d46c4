import { spawn } from 'node:child_process'

// This script checks everything that has to hold before a change is proposed. It checks the code and runs the tests at the same time.
const lanes: [name: string, script: string[]][][] = [
  [
    [
      'types',
      ['run', '-s', 'types', '--', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/tsc.json'],
    ],
    ['lint', ['run', '-s', 'lint', '--', '--cache', '--cache-location', 'node_modules/.cache/eslint/']],
    ['format', ['run', '-s', 'format:check', '--', '--cache']],
    ['generated', ['run', '-s', 'gen:check']],
    ['API description', ['run', '-s', 'lint:api']],
  ],
  [['tests on SQLite', ['test', '-s', '--', '--sqlite', '--quick']]],
]

async function runLane(steps: [name: string, script: string[]][]): Promise<boolean> {
  let passed = true
  for (const [name, script] of steps) {
    const start = performance.now()
    const child = spawn('npm', script, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
    const code = await new Promise((resolve) => child.once('close', resolve))
    const seconds = ((performance.now() - start) / 1_000).toFixed(1)
    console.log(code === 0 ? `ok      ${name}, ${seconds} s` : `${text}\nFAILED  ${name}, ${seconds} s`)
    passed &&= code === 0
  }
  return passed
}

const results = await Promise.all(lanes.map(runLane))
process.exitCode = results.every(Boolean) ? 0 : 1
