import { format, resolveConfig } from 'prettier'
import { ltlCarriers, parcelCarriers } from '../src/catalog/index.ts'
import { CARRIER_IDS, readCarrierIds } from './release/carrier-ids.ts'
import { emit } from './generated.ts'

// This script lists the ids of all carriers. An id that a release has had is sealed into envelopes, so it may never change or vanish.
const ids = [...parcelCarriers, ...ltlCarriers].map(({ id }) => id).sort()
const { released } = readCarrierIds()
const lost = released.filter((id) => !ids.includes(id))
if (lost.length > 0) {
  console.error(
    `No carrier has the id ${lost.join(', ')} any more. A release has had it, and connections are sealed under it: bring it back.`,
  )
  process.exitCode = 1
} else {
  const text = JSON.stringify({ released, unreleased: ids.filter((id) => !released.includes(id)) })
  emit({
    [CARRIER_IDS]: await format(text, { ...(await resolveConfig(CARRIER_IDS)), filepath: CARRIER_IDS }),
  })
}
