import { readFileSync, writeFileSync } from 'node:fs'

// `node scripts/release/close-changelog.ts` gives the unreleased part of CHANGELOG.md the version of package.json and the date of today.
// `npm version <version>` runs this script after it has written the new version and before it commits.
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const changelog = readFileSync('CHANGELOG.md', 'utf8')
const open = /^## Unreleased$/m
if (!open.test(changelog)) throw new Error('CHANGELOG.md has no heading "## Unreleased": nothing to release.')
writeFileSync(
  'CHANGELOG.md',
  changelog.replace(open, `## ${version} (${new Date().toISOString().slice(0, 10)})`),
)
