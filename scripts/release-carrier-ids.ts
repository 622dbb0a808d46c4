import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { CARRIER_IDS, readCarrierIds } from './carrier-ids.ts'

// node scripts/release-carrier-ids.ts: counts the ids that no release has had yet as released; none of them may change from then on.
// "npm version <version>" runs it between the new version and its commit.
const { released, unreleased } = readCarrierIds()
const text = JSON.stringify({ released: [...released, ...unreleased].sort(), unreleased: [] })
writeFileSync(
  CARRIER_IDS,
  await format(text, { ...(await resolveConfig(CARRIER_IDS)), filepath: CARRIER_IDS }),
)
