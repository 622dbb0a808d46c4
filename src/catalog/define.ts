import type { SignIn } from './sign-in.ts'
import type { Verification } from './verification.ts'

type Common = {
  label: string
  required?: true
  /** `secret` keeps the value out of everything that is shown; every field says whether it is one. */
  secret: boolean
  /** `identifier` marks the field that tells one account at the carrier from another; of several, the first that is set counts, and it is kept in clear. */
  identifier?: true
  deprecated?: true
  /** `extension` marks a field that Hawser adds to the carrier’s public form; it is never required, so that a documented body stays complete. */
  extension?: true
  /** `examples` are values that the carrier’s documentation names without saying that there are no others. */
  examples?: readonly string[]
  /** `storedAs` is the name under which the value is kept, where one wire name means two things. */
  storedAs?: string
}

export type TextField = Common & {
  type: 'string'
  minLength?: number
  maxLength?: number
  enum?: readonly string[]
  format?: 'email' | 'date-time' | 'day-or-time'
  pattern?: string
  role?: 'nickname'
}
export type FlagField = Common & {
  type: 'boolean'
  /** `latch` means that the value cannot go back once it is `true`. */
  latch?: true
  /** `textual` means that the value may come as the text `"true"` or `"false"`, and is a truth value from then on. */
  textual?: true
  role?: 'primary' | 'terms' | 'allow_duplicate'
}
export type NumberField = Common & { type: 'integer' | 'number'; minimum?: number; maximum?: number }
export type ObjectField = Common & {
  type: 'object'
  members: Fields
  /** `atLeast` means that one of the members has to be there; a member that is an extension does not count. */
  atLeast?: 1
}

export type Field = TextField | FlagField | NumberField | ObjectField

/** The fields of a form stand in the order of the carrier's own list, and their names are the wire's, letter by letter. */
export type Fields = Readonly<Record<string, Field>>

export type Service = {
  service_code: string
  name: string
  domestic: boolean
  international: boolean
  is_multi_package_supported: boolean
  is_return_supported: boolean
}
/** A package type has an empty `description` where no public page has one. */
export type Package = { package_code: string; name: string; description: string }
export type Option = { name: string; default_value: string | null; description: string }

/** A listing says these traits of every connection of the carrier; each is `false` where nothing public says otherwise. */
export type CarrierTraits = {
  requires_funded_amount: boolean
  has_multi_package_supporting_services: boolean
  allows_returns: boolean
  supports_label_messages: boolean
  send_rates: boolean
  supports_user_managed_rates: boolean
}

/** A closed carrier is one that nobody can connect; `reason` is a sentence for the caller. */
export type ClosedCarrier = { kind: 'retired' | 'wallet'; reason: string }

/**
 * A carrier's manifest requirement says whether labels have to stand on a manifest before the carrier takes the parcels.
 * It is `external` where that is done at the carrier's own portal, `none` where there are no manifests, and `unknown` where no public page says.
 */
export type ManifestNeed =
  | { requirement: 'required' | 'optional' | 'external' | 'none'; source: string }
  | { requirement: 'unknown'; source?: undefined }

const UNKNOWN: ManifestNeed = { requirement: 'unknown' }

type CarrierFacts = {
  /** `id` is sealed into every envelope and may never change; names may. */
  id: string
  title: string
  countries?: readonly string[]
  /** `docs` names the public page or file that the fields come from. */
  docs: string
  closed?: ClosedCarrier
  manifest: ManifestNeed
  /** `verify` says how the carrier is asked about credentials; it is absent where nothing public says how. */
  verify?: Verification
}

export type ParcelCarrier = CarrierFacts & {
  mode: 'parcel'
  name: string
  aliases: readonly string[]
  connect: Fields
  /** `update` is the form of an update; it is absent where credentials cannot be replaced in place, and then `cannotUpdate` says why. */
  update: Fields | undefined
  cannotUpdate?: string
  settings?: Fields
  /** `signIn` says how a merchant signs in at the carrier, where the operator has set that up. */
  signIn?: SignIn
  /** `together` lists pairs of fields that are given together or not at all. */
  together: readonly (readonly [string, string])[]
  /** `spellings` maps other spellings that are accepted to the fields that they stand for (`outer.inner` for a member). */
  spellings: Readonly<Record<string, string>>
  /** `successor` names the carrier that new connections should use instead. */
  successor?: string
  sandbox?: undefined
  traits: CarrierTraits
  services: readonly Service[]
  packages: readonly Package[]
  options: readonly Option[]
  /** `codeSources` lists the public pages that services, packages and options come from. */
  codeSources: readonly string[]
}

export type LtlCode = { code: string; name: string; features: readonly string[] }
export type LtlOption = LtlCode & { attributes: Readonly<Record<string, unknown>> | null }

export type LtlCarrier = CarrierFacts & {
  mode: 'ltl'
  scacs: readonly [string, ...string[]]
  credentials: Fields
  /** `demands` says which of the credentials have to be there: all, at least one, none, or exactly one of the named sets. */
  demands: 'all' | 'some' | 'none' | readonly (readonly string[])[]
  /** `form` says whether the carrier's own list of fields is public; where it is not, the generic form is used. */
  form: 'documented' | 'generic'
  /** `sandbox` marks a carrier that exists in the sandbox only, and says what the sandbox answers to a connect. */
  sandbox?: { answer: 'accepts' | 'warns' | 'refuses' }
  /** No LTL carrier has an update form of its own, settings, a sign-in, paired fields or a successor. */
  update?: undefined
  settings?: undefined
  signIn?: undefined
  together?: undefined
  successor?: undefined
  features: readonly string[]
  documentTypes: readonly string[]
  services: readonly LtlCode[]
  packages: readonly LtlCode[]
  options: readonly LtlOption[]
}

/** The public codes of a parcel carrier stand in a file beside the carrier's where they are long. */
export type ParcelCodes = Pick<ParcelCarrier, 'services' | 'packages' | 'options' | 'codeSources'>

/** The public codes of an LTL carrier stand in a file beside the carrier's where they are long. */
export type LtlCodes = Pick<LtlCarrier, 'features' | 'documentTypes' | 'services' | 'packages' | 'options'>

export type Carrier = ParcelCarrier | LtlCarrier

const NO_TRAITS: CarrierTraits = {
  requires_funded_amount: false,
  has_multi_package_supporting_services: false,
  allows_returns: false,
  supports_label_messages: false,
  send_rates: false,
  supports_user_managed_rates: false,
}

type ParcelDefaults =
  | 'mode'
  | 'manifest'
  | 'aliases'
  | 'update'
  | 'together'
  | 'spellings'
  | 'traits'
  | 'services'
  | 'packages'
  | 'options'
  | 'codeSources'
type ParcelEntry = Omit<ParcelCarrier, ParcelDefaults> &
  Partial<Omit<ParcelCarrier, 'mode' | 'traits'>> & { traits?: Partial<CarrierTraits> }

/** Defines a parcel carrier; its update form is its connect form unless it says otherwise. */
export function defineCarrier(entry: ParcelEntry): ParcelCarrier {
  const { traits, ...facts } = entry
  return {
    mode: 'parcel',
    manifest: UNKNOWN,
    aliases: [],
    update: facts.cannotUpdate || facts.closed?.kind === 'wallet' ? undefined : facts.connect,
    ...(facts.closed?.kind === 'wallet' ? { cannotUpdate: 'it is offered through a platform wallet' } : {}),
    together: [],
    spellings: {},
    services: [],
    packages: [],
    options: [],
    codeSources: [],
    ...facts,
    traits: { ...NO_TRAITS, ...traits },
  }
}

type LtlDefaults = 'mode' | 'manifest' | 'features' | 'documentTypes' | 'services' | 'packages' | 'options'
type LtlEntry = Omit<LtlCarrier, LtlDefaults> & Partial<Omit<LtlCarrier, 'mode'>>

/** Defines an LTL carrier, which is known by its SCACs; the first of them is the primary one. */
export function defineLtlCarrier(entry: LtlEntry): LtlCarrier {
  return {
    mode: 'ltl',
    manifest: UNKNOWN,
    features: [],
    documentTypes: [],
    services: [],
    packages: [],
    options: [],
    ...entry,
  }
}

/** Says why a carrier that is offered through the wallet of the original platform cannot be connected. */
export const platformWallet = (): ClosedCarrier => ({
  kind: 'wallet',
  reason:
    'It is offered through the wallet of the original platform only, with no account of your own to connect.',
})
