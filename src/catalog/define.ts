import type { SignIn } from './sign-in.ts'
import type { Verification } from './verification.ts'

type Common = {
  label: string
  required?: true
  /** `true` keeps the value out of everything that is shown; a field says it, or says that it is not. */
  secret: boolean
  /** The field that tells one account at the carrier from another; of several, the first that is set. Stands in clear. */
  identifier?: true
  deprecated?: true
  /** A field that Hawser adds to the carrier’s public form; never required, so that a documented body stays complete. */
  extension?: true
  /** Values that the carrier’s documentation names without closing the list. */
  examples?: readonly string[]
  /** Name under which the value is kept, where one name means two things. */
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
  /** Once `true`, it cannot go back. */
  latch?: true
  /** May come as the text `"true"` or `"false"`, and is a truth value from then on. */
  textual?: true
  role?: 'primary' | 'terms' | 'allow_duplicate'
}
export type NumberField = Common & { type: 'integer' | 'number'; minimum?: number; maximum?: number }
export type ObjectField = Common & {
  type: 'object'
  members: Fields
  /** One of the members has to be there, and none that is an addition of Hawser's counts as one. */
  atLeast?: 1
}

export type Field = TextField | FlagField | NumberField | ObjectField

/** What a form asks for, in the order of the carrier's own list; the names are the wire's, letter by letter. */
export type Fields = Readonly<Record<string, Field>>

export type Service = {
  service_code: string
  name: string
  domestic: boolean
  international: boolean
  is_multi_package_supported: boolean
  is_return_supported: boolean
}
/** `description` is empty where no public page has one. */
export type Package = { package_code: string; name: string; description: string }
export type Option = { name: string; default_value: string | null; description: string }

/** What a listing says about every connection of the carrier; `false` where nothing public says otherwise. */
export type Traits = {
  requires_funded_amount: boolean
  has_multi_package_supporting_services: boolean
  allows_returns: boolean
  supports_label_messages: boolean
  send_rates: boolean
  supports_user_managed_rates: boolean
}

/** Why nobody can connect the carrier: a sentence for the caller. */
export type Closed = { kind: 'retired' | 'wallet'; reason: string }

/**
 * Whether labels of the carrier have to stand on a manifest before it takes the parcels: `external` where that is done at the carrier's own portal,
 * `none` where there is no such thing, `unknown` where no public page says.
 */
export type Manifest =
  | { requirement: 'required' | 'optional' | 'external' | 'none'; source: string }
  | { requirement: 'unknown'; source?: undefined }

const UNKNOWN: Manifest = { requirement: 'unknown' }

type CarrierFacts = {
  /** Immutable: it is sealed into every envelope. Names may change, this may not. */
  id: string
  title: string
  countries?: readonly string[]
  /** The public page or file that the fields come from. */
  docs: string
  closed?: Closed
  manifest: Manifest
  /** How the carrier proves credentials; absent where nothing public says how. */
  verify?: Verification
}

export type ParcelCarrier = CarrierFacts & {
  mode: 'parcel'
  name: string
  aliases: readonly string[]
  connect: Fields
  /** Absent where credentials cannot be replaced in place; then `cannotUpdate` says why. */
  update: Fields | undefined
  cannotUpdate?: string
  settings?: Fields
  /** How a merchant signs in at the carrier, where the operator has set that up. */
  signIn?: SignIn
  /** Fields that are given together or not at all. */
  together: readonly (readonly [string, string])[]
  /** Other spellings that are accepted, each with the field it stands for (`outer.inner` for a member). */
  spellings: Readonly<Record<string, string>>
  /** The carrier that new connections should use instead. */
  successor?: string
  traits: Traits
  services: readonly Service[]
  packages: readonly Package[]
  options: readonly Option[]
  /** The public pages that services, packages and options come from. */
  codeSources: readonly string[]
}

export type LtlCode = { code: string; name: string; features: readonly string[] }
export type LtlOption = LtlCode & { attributes: Readonly<Record<string, unknown>> | null }

export type LtlCarrier = CarrierFacts & {
  mode: 'ltl'
  scacs: readonly [string, ...string[]]
  credentials: Fields
  /** Which of the credentials have to be there: all, at least one, nothing, or exactly one of the named sets. */
  demands: 'all' | 'some' | 'none' | readonly (readonly string[])[]
  /** Whether the carrier's own list of fields is public; otherwise the generic form stands in. */
  form: 'documented' | 'generic'
  /** Exists in the sandbox only; says what the sandbox answers to a connect. */
  sandbox?: { answer: 'accepts' | 'warns' | 'refuses' }
  features: readonly string[]
  documentTypes: readonly string[]
  services: readonly LtlCode[]
  packages: readonly LtlCode[]
  options: readonly LtlOption[]
}

/** The public codes of a parcel carrier; where they are long they stand in a file beside the carrier's. */
export type ParcelCodes = Pick<ParcelCarrier, 'services' | 'packages' | 'options' | 'codeSources'>

/** The public codes of an LTL carrier; where they are long they stand in a file beside the carrier's. */
export type LtlCodes = Pick<LtlCarrier, 'features' | 'documentTypes' | 'services' | 'packages' | 'options'>

export type Carrier = ParcelCarrier | LtlCarrier

const NO_TRAITS: Traits = {
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
  Partial<Omit<ParcelCarrier, 'mode' | 'traits'>> & { traits?: Partial<Traits> }

/** A parcel carrier; its update form is its connect form unless it says otherwise. */
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

/** An LTL carrier, known by its SCACs; the first is the primary one. */
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

/** Why a carrier that is offered through the wallet of the original platform cannot be connected. */
export const platformWallet = (): Closed => ({
  kind: 'wallet',
  reason:
    'It is offered through the wallet of the original platform only, with no account of your own to connect.',
})
