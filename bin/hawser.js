#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node must still be able to read this file and refuse with one clear sentence.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `Hawser needs Node 24.15 or newer; this is ${process.version}. In a checkout on Linux (x64, arm64) or Windows (x64), "npm start" and "npm run hawser" bring their own.\n`,
  )
  process.exit(78)
}

// No object that Hawser ever parses may reach a prototype by name.
delete Object.prototype.__proto__

const { enableCompileCache } = await import('node:module')
enableCompileCache()

// An installed package carries compiled files, because Node strips no types below node_modules; a checkout runs as it is.
const { existsSync } = await import('node:fs')
const compiled = new URL('../dist/cli/index.js', import.meta.url)
const source = new URL('../src/cli/index.ts', import.meta.url)
/** @type {typeof import('../src/cli/index.ts')} */
const { runCommand } = await import(existsSync(source) ? source.href : compiled.href)
await runCommand(process.argv.slice(2))
