import { STATES } from '../../connections/carrier/verification-result.ts'
import { wordsOf, type SearchPlace, type SearchQuery, type SearchOrder } from '../../connections/search.ts'
import { UNVERIFIED_REASONS } from '../../connections/verification/why-unverified.ts'
import type { Actor } from '../../context.ts'
import { failFields } from '../../errors.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import { parseCursor } from './pages.ts'
import {
  pageParameters,
  readBefore,
  readChoice,
  readChoices,
  readFlag,
  readForm,
  readPage,
  readText,
} from './query.ts'

const STATUSES = ['pending_approval', 'approved'] as const
const MOST = 500
const USUAL = 50
const LONGEST_Q = 100
const MOST_WORDS = 8

/** `ORDERS` has the key of each order by its name in the query; a `-` before the name turns the order round. */
const ORDERS = { state_since: 'since', created_at: 'created_at', nickname: 'name_key' } as const
const SORTS = Object.keys(ORDERS).flatMap((name) => [name, `-${name}`])
const USUAL_SORT = 'state_since'

const several = (choices: readonly string[]) => ({ type: 'array', items: { enum: [...choices] } })
const text = { type: 'string', minLength: 1 }

/** `connectionQuery` has the parameters of the search for connections. */
export const connectionQuery: readonly QueryParameter[] = [
  {
    name: 'state',
    about: 'Connections in these states: one, or several with commas between them or repeated.',
    schema: several(STATES),
  },
  {
    name: 'attention',
    about:
      '`true`: those that a person has to do something about, since the carrier refuses the credentials (`needs_reauth`) or the account (`action_required`), or the merchant has to sign in. `false`: the others.',
    schema: { type: 'boolean' },
  },
  {
    name: 'unverified',
    about:
      'Unverified connections by the reason: nobody can ask this carrier (`cannot_be_asked`), a setting of the operator is missing for it (`needs_setting`), nobody has asked yet (`not_asked_yet`), the merchant has not signed in (`waits_for_sign_in`), or the carrier was asked and nothing is proved (`proved_nothing`).',
    schema: several(UNVERIFIED_REASONS),
  },
  {
    name: 'q',
    about:
      'Words of the nickname, the account number or the `carrier_id`, or their beginnings, in any order; all have to be there. Letter case and accents do not count.',
    schema: { ...text, maxLength: LONGEST_Q },
  },
  {
    name: 'connection_status',
    about: '`pending_approval` where the merchant still has to sign in at the carrier.',
    schema: { enum: [...STATUSES] },
  },
  { name: 'carrier', about: 'Of this carrier, by name, alias or SCAC.', schema: text },
  {
    name: 'scac',
    about: 'Of the LTL carrier that has this SCAC, connected under any of its SCACs.',
    schema: text,
  },
  {
    name: 'environment',
    about: 'The environment of the API key; the other one is never shown.',
    schema: { enum: ['production', 'sandbox'] },
  },
  {
    name: 'older_than',
    about: 'In their state since before this time; a plain day is meant whole.',
    schema: { type: 'string', format: 'date-time' },
  },
  {
    name: 'sort',
    about:
      'The order: by the time since when they are in their state, by the time of the connect, or by nickname, those without one last; with `-` before it backwards.',
    schema: { enum: SORTS, default: USUAL_SORT },
  },
  {
    name: 'cursor',
    about: 'The `next` of the page before: however far it goes, each page takes as long as the first.',
    schema: text,
  },
  ...pageParameters('Connections', {
    most: MOST,
    usual: USUAL,
    about: 'Which page, where there is no cursor.',
  }),
]

type Asked = Readonly<Record<string, unknown>>

/** Reads a search for connections from a query, with the name of its order, which the cursor repeats; refuses a bad query with 400. */
export function readConnectionQuery(
  query: Asked,
  { environment }: Pick<Actor, 'environment'>,
): SearchQuery & { sort: string } {
  readChoice(query, 'environment', [environment])
  const sort = readChoice(query, 'sort', SORTS) ?? USUAL_SORT
  const { page, size } = readPage(query, MOST, USUAL) ?? { page: 1, size: USUAL }
  const cursor = readCursor(query, sort)
  return {
    search: {
      ...given('states', readChoices(query, 'state', STATES)),
      ...given('attention', readFlag(query, 'attention')),
      ...given('unverified', readChoices(query, 'unverified', UNVERIFIED_REASONS)),
      ...given('status', readChoice(query, 'connection_status', STATUSES)),
      ...given('carrier', readText(query, 'carrier')),
      ...given('scac', readText(query, 'scac')),
      ...given('olderThan', readBefore(query, 'older_than')),
      ...given('words', readWords(query)),
    },
    order: orderOf(sort),
    sort,
    page: cursor?.page ?? page,
    size,
    after: cursor?.place,
  }
}

const given = <K extends string, T>(name: K, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [N in K]?: T }

function orderOf(sort: string): SearchOrder {
  const name = sort.replace(/^-/, '') as keyof typeof ORDERS
  return { by: ORDERS[name], direction: sort.startsWith('-') ? 'desc' : 'asc' }
}

function readWords(query: Asked): string[] | undefined {
  const isShort = (q: string) => q.length <= LONGEST_Q && wordsOf(q).length <= MOST_WORDS
  const q = readForm(query, 'q', isShort, `must have at most ${LONGEST_Q} characters and ${MOST_WORDS} words`)
  if (q === undefined) return undefined
  return wordsOf(
    readForm(query, 'q', (words) => wordsOf(words).length > 0, 'must have a letter or a digit') ?? '',
  )
}

function readCursor(query: Asked, sort: string): { page: number; place: SearchPlace } | undefined {
  const cursor = readForm(
    query,
    'cursor',
    (written) => parseCursor(written) !== undefined,
    'must be the next of a page',
  )
  const parsed = cursor === undefined ? undefined : parseCursor(cursor)
  if (!parsed) return undefined
  if (parsed.sort !== sort)
    refuseBoth('sort', 'cursor and sort say different orders; repeat the sort of the page.')
  if (query.page !== undefined) refuseBoth('page', 'page and cursor both say where to go on; send one.')
  return parsed
}

const refuseBoth = (field: string, message: string): never =>
  failFields([{ kind: 'conflict', field, message }])
