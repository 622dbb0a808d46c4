import type { SignIn } from './sign-in.ts'
import type { Verification } from './verification.ts'

type Common = {
  label: string
  required?: true
  /** `secret` says for every field whether its value is kept out of everything that is shown. */
  secret: boolean
  /** `identifier` marks a field that tells one account at the carrier from another and whose value is kept in clear; where several are marked, the first one that is set counts. */
  identifier?: true
  deprecated?: true
  /** `extension` marks a field that Hawser adds to the carrier’s public form; such a field is never required, so that a body from the public documentation stays complete. */
  extension?: true
  /** `examples` are values that the carrier’s documentation names without saying that no other values exist. */
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
  /** `textual` means that the value may also be the text `"true"` or `"false"`, which is turned into the truth value. */
  textual?: true
  role?: 'primary' | 'terms' | 'allow_duplicate'
}
export type NumberField = Common & { type: 'integer' | 'number'; minimum?: number; maximum?: number }
export type ObjectField = Common & {
  type: 'object'
  members: Fields
  /** `atLeast` means that at least one of the members has to be set; a member that is an extension does not count. */
  atLeast?: 1
}

export type Field = TextField | FlagField | NumberField | ObjectField

/** The fields of a form stand in the order of the carrier's own list, and a field has the name that requests use, letter by letter. */
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

/** Carrier traits are what a listing says of every connection of the carrier; a trait is `false` where no public page says that it is true. */
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
 * It is `external` where the manifest is made at the carrier's own portal, `none` where the carrier has no manifests, and `unknown` where no public page says.
 */
export type ManifestNeed =
  | { requirement: 'required' | 'optional' | 'external' | 'none'; source: string }
  | { requirement: 'unknown'; source?: undefined }

const UNKNOWN: ManifestNeed = { requirement: 'unknown' }

type CarrierFacts = {
  /** `id` is sealed into every envelope and may never change; the carrier's names may change. */
  id: string
  title: string
  countries?: readonly string[]
  /** `docs` names the public page or file that lists the fields. */
  docs: string
  closed?: ClosedCarrier
  manifest: ManifestNeed
  /** `verify` says how the carrier is asked about credentials; it is absent where no public page says how. */
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
  /** `signIn` says how a merchant signs in at the carrier, where the operator has set up the sign-in. */
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
  /** `demands` says which of the credentials have to be set: all, at least one, none, or all of exactly one of the named sets. */
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

/** The public codes of a parcel carrier, where they are many, stand in a file beside the carrier's file. */
export type ParcelCodes = Pick<ParcelCarrier, 'services' | 'packages' | 'options' | 'codeSources'>

/** The public codes of an LTL carrier, where they are many, stand in a file beside the carrier's file. */
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

/** Defines a parcel carrier; where `entry` has no update form, the connect form is the update form. */
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

/** Says why a carrier cannot be connected that merchants use only through the wallet of ShipEngine, without an account of their own. */
export const platformWallet = (): ClosedCarrier => ({
  kind: 'wallet',
  reason:
    'It is offered through the wallet of the original platform only, with no account of your own to connect.',
})
