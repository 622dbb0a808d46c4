import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { CARRIER_PAGE, samplesOf } from './page-samples.ts'

// `node scripts/check-samples.ts` checks the types of the samples of docs/adding-a-carrier.md, each as the file that its first line names.
const samples = new Map(samplesOf(CARRIER_PAGE).map(({ path, text }) => [resolve(path), text]))
if (samples.size === 0) throw new Error(`${CARRIER_PAGE} has no samples.`)
for (const path of samples.keys())
  if (existsSync(path)) throw new Error(`${CARRIER_PAGE} shows ${path}, which is a file of the program.`)

const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
  config: { compilerOptions: object }
}
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd())
const disk = ts.createCompilerHost(options)
const host: ts.CompilerHost = {
  ...disk,
  fileExists: (path) => samples.has(resolve(path)) || disk.fileExists(path),
  readFile: (path) => samples.get(resolve(path)) ?? disk.readFile(path),
  getSourceFile: (path, target) => {
    const text = samples.get(resolve(path))
    return text === undefined
      ? disk.getSourceFile(path, target)
      : ts.createSourceFile(path, text, target, true)
  },
}

const program = ts.createProgram([...samples.keys()], options, host)
const faults = ts.getPreEmitDiagnostics(program)
if (faults.length > 0) {
  console.error(`${CARRIER_PAGE}:\n${ts.formatDiagnostics(faults, host)}`)
  process.exitCode = 1
}
