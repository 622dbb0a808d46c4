import type { LtlCarrier, ParcelCarrier } from './define.ts'
import { findByScac, findCarrier } from './find-carrier.ts'
import { ltlCarriers, parcelCarriers } from './index.ts'
import { isSlip, nearest } from './nearest.ts'

/** A suggestion names at most `MOST` carriers whose names are like what was written, and at most `MOST_OF_BRAND` carriers of one brand; the largest brand has six. */
const MOST = 3
const MOST_OF_BRAND = 6

const ltlHere = ltlCarriers.filter(({ sandbox }) => sandbox === undefined)
const parcel = parcelCarriers.filter(({ closed }) => closed === undefined)
const ltl = ltlHere.filter(({ closed }) => closed === undefined)

/** `parcelNames` leads from each name, title and alias, letter by letter as in the catalog, to its carrier. */
const parcelNames = namesOf(parcel, ({ name, title, aliases }) => [name, title, ...aliases])
const ltlNames = namesOf(ltl, ({ title, scacs }) => [...scacs, title])

function namesOf<C>(carriers: readonly C[], names: (carrier: C) => readonly string[]): Map<string, C> {
  return new Map(carriers.flatMap((carrier) => names(carrier).map((name) => [name, carrier])))
}

const among = <C>(names: ReadonlyMap<string, C>, written: string): C[] =>
  unique(nearest(written, names.keys(), MOST).flatMap((name) => names.get(name) ?? []))

const unique = <T>(list: readonly T[]) => [...new Set(list)]

/** Lists the carriers that sell services of the written company, or exactly the written service, since the postage of one company is also sold by others. */
function sellersOf(written: string): ParcelCarrier[] {
  const code = wordsOf(written).join('_')
  return parcel.filter(({ services }) =>
    services.some(({ service_code }) => service_code === code || service_code.split('_', 1)[0] === code),
  )
}

const SHORTEST_BRAND = 3
const LONGEST = 64
const LONGEST_SCAC = 4

/** Lists the words of a name; where a name has no gaps, its letter case shows the words (`fedexGround`). */
const wordsOf = (name: string): string[] =>
  (/^\p{Ll}[\p{L}\p{N}]*$/u.test(name) ? name.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2') : name)
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

/** Lists the carriers of the written brand: the name of such a carrier begins with the first written word, contains the only written word, or is shortened in what was written (`auspost`). */
function ofBrand<C>(names: ReadonlyMap<string, C>, written: string): C[] {
  if (written.length > LONGEST) return []
  const words = wordsOf(written)
  const [first = ''] = words
  const plain = words.join('')
  const isBrand = (name: string) => {
    const own = wordsOf(name)
    const isNamed = words.length === 1 ? own.includes(first) : own[0] === first
    return (first.length >= SHORTEST_BRAND && isNamed) || (own.length > 1 && isShortened(plain, own))
  }
  return unique([...names].filter(([name]) => isBrand(name)).map(([, carrier]) => carrier))
}

/** Tells whether a text consists of the beginnings of these words in their order, with at least three letters of each word. */
function isShortened(plain: string, [word, ...rest]: readonly string[]): boolean {
  if (word === undefined) return plain === ''
  for (let length = SHORTEST_BRAND; length <= Math.min(word.length, plain.length); length += 1)
    if (plain.startsWith(word.slice(0, length)) && isShortened(plain.slice(length), rest)) return true
  return false
}

/** Lists the parcel carriers that were probably meant: the carrier whose name is the first word, carriers that sell what was written, carriers with a similar spelling, and carriers of the same brand. */
function parcelMeant(written: string): ParcelCarrier[] {
  const bearer = parcel.filter(({ name }) => name === wordsOf(written)[0])
  return unique([
    ...bearer,
    ...sellersOf(written),
    ...among(parcelNames, written),
    ...ofBrand(parcelNames, written),
  ])
}

const ltlMeant = (written: string): LtlCarrier[] =>
  unique([...among(ltlNames, written), ...ofBrand(ltlNames, written)])

const isTitleOfLine = (written: string) =>
  ltl.some(({ title }) => wordsOf(title).join() === wordsOf(written).join())

const listed = (texts: readonly string[]) => unique(texts).slice(0, MOST_OF_BRAND).join(', ')
const named = ({ name, title }: ParcelCarrier) => `${name} (${title})`
const coded = ({ scacs, title }: LtlCarrier) => `${scacs[0]} (${title})`

/** Says in a sentence which parcel carrier was probably meant by a name that no carrier has, or where the carriers are listed. */
export function suggestCarrier(written: string): string {
  const freight = findByScac(written)
  if (freight && freight.sandbox === undefined)
    return ` It is the SCAC of ${freight.title}, an LTL carrier: it stands under /v-beta/ltl/connections/${written.toUpperCase()}.`
  const near = isTitleOfLine(written) ? [] : parcelMeant(written)
  if (near.length > 0) return ` Did you mean ${listed(near.map(named))}?`
  const lines = ltlMeant(written)
  if (lines.length === 0) return ' GET /v1/connections/carriers lists those that there are.'
  return ` Did you mean ${listed(lines.map(coded))}? LTL carriers stand under /v-beta/ltl/connections/{carrier_code}.`
}

/** Says in a sentence which carrier of either mode was probably meant; returns an empty text where no carrier is similar. */
export function suggestAnyCarrier(written: string): string {
  const near = parcelMeant(written).map(named)
  const lines = (near.length > 0 ? ofBrand(ltlNames, written) : ltlMeant(written)).map(coded)
  const meant = listed(isTitleOfLine(written) ? [...lines, ...near] : [...near, ...lines])
  return meant === '' ? '' : ` Did you mean ${meant}?`
}

/** Says in a sentence which LTL carrier was probably meant by a SCAC that no carrier has; returns an empty text where no carrier is similar. */
export function suggestScac(written: string): string {
  const other = findCarrier(written)
  if (other)
    return `${other.title} is a parcel carrier: it stands under /v1/connections/carriers/${other.name}.`
  const near = parcelMeant(written)
  const isCode = written.length <= LONGEST_SCAC || near.length === 0
  const lines = isCode ? ltlMeant(written) : ofBrand(ltlNames, written)
  const isParcel = near.length > 0 && !isTitleOfLine(written) && (!isCode || lines.length === 0)
  const meant = [lines.map(coded), isParcel ? near.map(named) : []].filter((texts) => texts.length > 0)
  if (meant.length === 0) return ''
  const where = isParcel ? ' Parcel carriers stand under /v1/connections/carriers/{carrier_name}.' : ''
  return `Did you mean ${meant.map(listed).join(', or ')}?${where}`
}

/** `scacs` and `filterNames` are the SCACs and names that a filter takes, also of carriers that nobody can connect any more, since such carriers may still have connections. */
const scacs = ltlHere.flatMap((carrier) => carrier.scacs)
const filterNames = [...parcelCarriers.flatMap(({ name, aliases }) => [name, ...aliases]), ...scacs]

/** Returns the end of a sentence about a filter that names no carrier: the names or SCACs that were probably meant, as the filter takes them. */
export function suggestFilter(written: string, kind: 'carrier' | 'scac'): string {
  const slips = nearest(written, kind === 'scac' ? scacs : filterNames)
  const lines = ofBrand(ltlNames, written).map((carrier) => carrier.scacs[0])
  const brand = kind === 'scac' ? lines : [...parcelMeant(written).map(({ name }) => name), ...lines]
  // Where one carrier is meant by its slips, no others of its brand are.
  const isSlipped = slips.some((name) => isSlip(written, name))
  const meant = isSlipped ? slips : [...brand, ...slips]
  return meant.length === 0 ? '.' : `; did you mean ${listed(meant)}?`
}
