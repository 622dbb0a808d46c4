/** Lists every action that the audit log can record, each with a sentence. */
export const actions = {
  'connection.connected': 'A carrier account was connected.',
  'connection.updated': 'Credentials, nickname or primary mark of a connection were replaced.',
  'connection.settings_updated': 'Settings of a connection were changed.',
  'connection.disconnected': 'A connection was taken out of use.',
  'connection.restored': 'A deleted connection was brought back under its id.',
  'connection.erased': 'What was sealed of a deleted connection was erased.',
  'connection.previous_erased': 'The credentials before the current ones were erased: their time had come.',
  'connection.policy_updated': 'What a delete of a connection does about open shipments was changed.',
  'delete_policy.updated': 'What deletes do was changed for an environment of the account.',
  'tombstone.nickname_erased': 'The nickname of a deleted connection was erased.',
  'connection.refused': 'The carrier refused credentials; nothing was stored.',
  'connection.checked': 'The carrier was asked about a connection, and its state changed.',
  'connection.signed_in': 'A merchant signed in at the carrier for a connection.',
  'connection.rolled_back': 'The credentials before the current ones were put back into force.',
  'connection.leased': 'The credentials of a connection were handed out.',
  'label.imported': 'Labels of a connection were recorded, or what is recorded of them was changed.',
  'label.voided': 'A label was recorded as voided.',
  'manifest.imported': 'A manifest was recorded, or as many as its labels had to be split into.',
  'manifest.linked': 'Where the document of recorded manifests is was said anew.',
  'integrity.violation': 'What is stored of a connection or a webhook was altered or moved; it was not used.',
  'tenant.created': 'An account was created.',
  'tenant.updated': 'Data of an account were changed.',
  'tenant.enabled': 'A disabled account was enabled.',
  'tenant.disabled':
    'An account was disabled: its keys are refused, its connections are not checked, and its webhooks wait.',
  'tenant.deleted':
    'An account was deleted by the operator: its keys are revoked, its webhooks and its names are gone.',
  'api_key.created': 'An API key was made.',
  'api_key.revoked': 'An API key was revoked.',
  'authentication.failed':
    'Somebody came with a key that is malformed, unknown, revoked or expired; the first time in an hour from an address.',
  'authorization.refused':
    'A valid key asked for what it may not do; the first time in an hour from an address.',
  'webhook.created': 'A webhook was created.',
  'webhook.updated': 'A webhook was changed, and enabled where it was disabled.',
  'webhook.secret_rotated':
    'A webhook got a new signing secret; the one before signs beside it for 24 hours.',
  'webhook.deleted': 'A webhook was deleted, with its secret and its deliveries.',
  'webhook.replayed': 'Messages were made due at a webhook once more.',
  'webhook.disabled': 'A webhook was disabled: its address answered 410, or took nothing for five days.',
} as const

export type Action = keyof typeof actions
