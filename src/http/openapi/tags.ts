/** `tags` has the groups of routes, in the order in which the page at `/docs` shows them. */
export const tags = {
  'Carrier connections':
    'Connect, update and disconnect a merchant’s account at a parcel carrier. A `carrier_id` stays the same for as long as the connection lives, whatever its credentials are.',
  'Carrier settings':
    'What a merchant may change on a connection without giving credentials again; few carriers have such settings.',
  Carriers: 'The connected parcel carriers, as the published API lists them.',
  LTL: 'Freight carriers, each known by its SCAC. The paths that begin with `/v-beta/ltl/v1` are an older spelling of the same routes.',
  Health:
    'What is known of credentials, and what can be done with them: ask the carrier, go back to the earlier ones, hand them out for use.',
  Deletes: 'What a delete waits for, how it is undone, and what is left of a deleted connection.',
  'Sign-in': 'Where a merchant signs in at the carrier itself, and comes back from there.',
  Catalog: 'The carriers that there are, and what each of them asks for.',
  Labels:
    'Labels that were bought elsewhere and are recorded here, so that no delete strands a parcel. Hawser buys and voids nothing at a carrier.',
  Manifests: 'Manifests that were made elsewhere and are recorded here.',
  Webhooks:
    'Messages to an address of yours when something happens to a connection, signed as Standard Webhooks says.',
  'Partner accounts': 'Accounts that a partner creates and acts for, and their API keys.',
  'API keys':
    'The keys of the account itself, in the environment of the key that asks: which there are, when each was used last, new ones and the end of old ones.',
  Audit: 'Who did what, and when.',
  Server: 'Whether the server works, and how it describes itself. Nothing here takes a key.',
} as const

export type Tag = keyof typeof tags
