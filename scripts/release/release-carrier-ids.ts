import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { CARRIER_IDS, readCarrierIds } from './carrier-ids.ts'

// `node scripts/release/release-carrier-ids.ts` marks the ids that no release has had yet as released; none of them may change from then on.
// `npm version <version>` runs this script after it has written the new version and before it commits.
const { released, unreleased } = readCarrierIds()
const text = JSON.stringify({ released: [...released, ...unreleased].sort(), unreleased: [] })
writeFileSync(
  CARRIER_IDS,
  await format(text, { ...(await resolveConfig(CARRIER_IDS)), filepath: CARRIER_IDS }),
)
