import type { ManifestNeed } from './define.ts'

/** `MANIFEST_NEEDS` has for each manifest requirement a sentence that explains the requirement to people. */
export const MANIFEST_NEEDS: Record<ManifestNeed['requirement'], string> = {
  required: 'Labels have to stand on a manifest',
  optional: 'Labels may stand on a manifest',
  external: 'Manifests are made at the carrier’s own portal',
  none: 'There are no manifests to be made',
  unknown: 'Whether labels have to stand on a manifest is not known',
}

/** Says in a sentence whether labels of a carrier have to stand on a manifest, and which page says so. */
export const manifestSentence = ({ requirement, source }: ManifestNeed): string =>
  `${MANIFEST_NEEDS[requirement]}${source ? ` (${source})` : ''}.`
