import type { LtlCarrier, ParcelCarrier } from './define.ts'
import { findByScac, findCarrier } from './find-carrier.ts'
import { ltlCarriers, parcelCarriers } from './index.ts'
import { nearest } from './nearest.ts'

const MOST = 3

const parcel = parcelCarriers.filter(({ closed }) => closed === undefined)
const ltl = ltlCarriers.filter(({ closed, sandbox }) => closed === undefined && sandbox === undefined)

/** What each carrier may be called by, letter by letter in the catalog. */
const parcelNames = namesOf(parcel, ({ name, title, aliases }) => [name, title, ...aliases])
const ltlNames = namesOf(ltl, ({ title, scacs }) => [...scacs, title])

function namesOf<C>(carriers: readonly C[], names: (carrier: C) => readonly string[]): Map<string, C> {
  return new Map(carriers.flatMap((carrier) => names(carrier).map((name) => [name, carrier])))
}

const among = <C>(names: ReadonlyMap<string, C>, written: string): C[] =>
  nearest(written, names.keys(), MOST).flatMap((name) => names.get(name) ?? [])

/** Carriers that sell services of this name: postage of one company is bought at others. */
const sellersOf = (written: string): ParcelCarrier[] =>
  parcel.filter(({ services }) =>
    services.some(({ service_code }) => service_code.split('_', 1)[0] === written.toLowerCase()),
  )

const listed = (texts: readonly string[]) => [...new Set(texts)].slice(0, MOST).join(', ')
const named = ({ name, title }: ParcelCarrier) => `${name} (${title})`
const coded = ({ scacs, title }: LtlCarrier) => `${scacs[0]} (${title})`

/** A sentence that says which parcel carrier was probably meant by a name that none has; empty where none is like it. */
export function suggestCarrier(written: string): string {
  const freight = findByScac(written)
  if (freight && freight.sandbox === undefined)
    return ` It is the SCAC of ${freight.title}, an LTL carrier: it stands under /v-beta/ltl/connections/${written.toUpperCase()}.`
  const near = [...sellersOf(written), ...among(parcelNames, written)]
  if (near.length > 0) return ` Did you mean ${listed(near.map(named))}?`
  const lines = among(ltlNames, written)
  if (lines.length === 0) return ' GET /v1/connections/carriers lists those that there are.'
  return ` Did you mean ${listed(lines.map(coded))}? LTL carriers stand under /v-beta/ltl/connections/{carrier_code}.`
}

/** A sentence that says which carrier of either kind was probably meant; empty where none is like it. */
export function suggestAnyCarrier(written: string): string {
  const near = [...sellersOf(written), ...among(parcelNames, written)].map(named)
  const meant = listed([...near, ...among(ltlNames, written).map(coded)])
  return meant === '' ? '' : ` Did you mean ${meant}?`
}

/** A sentence that says which LTL carrier was probably meant by a SCAC that none has; empty where none is like it. */
export function suggestScac(written: string): string {
  const other = findCarrier(written)
  if (other)
    return `${other.title} is a parcel carrier: it stands under /v1/connections/carriers/${other.name}.`
  const lines = among(ltlNames, written)
  if (lines.length > 0) return `Did you mean ${listed(lines.map(coded))}?`
  const near = among(parcelNames, written)
  if (near.length === 0) return ''
  return `Did you mean ${listed(near.map(named))}? Parcel carriers stand under /v1/connections/carriers/{carrier_name}.`
}
