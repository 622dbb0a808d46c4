export type AmbiguousPaths = { paths: [first: string, second: string]; reason: string }

const accounts = 'Both are published. No account has the id `external_account_id`: ids begin with `se-`.'

/** These are the pairs of paths that one request could both match, each with the reason why no request has to be guessed at. */
export const KNOWN_PATHS: AmbiguousPaths[] = ['/v1', '/v2'].flatMap((version) => [
  ...['enable', 'disable', 'api_keys'].map((last): AmbiguousPaths => ({
    paths: [
      `${version}/partners/accounts/external_account_id/{external_account_id}`,
      `${version}/partners/accounts/{account_id}/${last}`,
    ],
    reason: accounts,
  })),
  {
    paths: [
      `${version}/labels/external_shipment_id/{external_shipment_id}`,
      `${version}/labels/{label_id}/record_void`,
    ],
    reason:
      'The first is published; the second stands beside the published `void`, which collides the same way. Label ids begin with `se-`.',
  },
])
