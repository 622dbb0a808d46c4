import { command, type Command, type CommandOption } from './command.ts'

const json: CommandOption = { about: 'Answer as one JSON object on one line.' }
const ofTenant = '<name or id>'
const tenant = { value: '<name or id>', about: 'Whose keys.' } as const

/** `commands` is the table of all commands; the code of a command is loaded when the command is called. */
export const commands: Readonly<Record<string, Command>> = {
  serve: command('Serve the API until SIGTERM; where there is no installation yet, make one.', {
    options: {
      'new-installation': {
        about: 'Begin an empty installation although there is a key file already, and no database.',
      },
    },
    load: async () => (await import('./commands/serve.ts')).serveUntilStopped,
  }),
  migrate: command('Bring the database up to date and stop.', {
    options: { prepare: { about: 'Do so in an empty PostgreSQL database, too.' } },
    load: async () => (await import('./commands/migrate.ts')).migrate,
  }),
  doctor: command('Check configuration, keys, database, audit logs and everything that is sealed.', {
    options: { json },
    load: async () => (await import('./commands/doctor.ts')).doctor,
  }),
  'erase status': command(
    'Show what is still to be erased and what the files do with the bytes of removed rows; exits with 1 when something is overdue by more than 10 minutes.',
    { options: { json }, load: async () => (await import('./commands/erase.ts')).status },
  ),
  simulate: command('Answer as the simulated carriers, on this machine only, until SIGTERM.', {
    options: { port: { value: '<number>', about: 'Where; 4020 unless it says otherwise, 0 for any.' }, json },
    load: async () => (await import('./commands/simulate.ts')).simulate,
  }),
  'catalog list': command('List the carriers.', {
    options: { json },
    load: async () => (await import('./commands/catalog.ts')).listCarriers,
  }),
  'catalog show': command('Show one carrier.', {
    words: ['<name or SCAC>'],
    options: { json },
    load: async () => (await import('./commands/catalog.ts')).showCarrier,
  }),
  'tenants create': command('Create a tenant.', {
    options: {
      name: { value: '<name>', about: 'Its name, which no other tenant has.', isRequired: true },
      json,
    },
    load: async () => (await import('./commands/tenants.ts')).create,
  }),
  'tenants list': command('List the tenants.', {
    options: { json },
    load: async () => (await import('./commands/list-tenants.ts')).list,
  }),
  'tenants rename': command('Give a tenant another name.', {
    words: [ofTenant],
    options: {
      name: { value: '<name>', about: 'Its new name, which no other tenant has.', isRequired: true },
      json,
    },
    load: async () => (await import('./commands/tenants.ts')).rename,
  }),
  'tenants disable': command('Refuse the keys of a tenant, and let its checks and webhooks wait.', {
    words: [ofTenant],
    options: { json },
    load: async () => (await import('./commands/tenants.ts')).disable,
  }),
  'tenants enable': command('Let the keys of a disabled tenant work again.', {
    words: [ofTenant],
    options: { json },
    load: async () => (await import('./commands/tenants.ts')).enable,
  }),
  'tenants delete': command(
    'Delete a tenant that has no connections, nor deleted ones that can be restored; its audit log stays.',
    {
      words: [ofTenant],
      options: { json },
      load: async () => (await import('./commands/tenants.ts')).remove,
    },
  ),
  'keys create': command('Make an API key; its text is shown this once.', {
    options: {
      tenant: { ...tenant, about: 'Whose key it is.', isRequired: true },
      environment: { value: 'production|sandbox', about: 'Where it counts.', isRequired: true },
      scopes: {
        value: '<scope,…>',
        about: 'What it may do: some of read, write, use, admin, partner.',
        isRequired: true,
      },
      description: { value: '<text>', about: 'What it is for.' },
      expires: {
        value: '<time>',
        about:
          'Until when it counts: a time with its offset, or a plain day such as 2027-01-31, which is meant whole: the key ends with it, at midnight UTC.',
      },
      json,
    },
    load: async () => (await import('./commands/keys.ts')).create,
  }),
  'keys list': command('List the API keys, with when each was made, ends, was revoked and last used.', {
    options: { tenant, json },
    load: async () => (await import('./commands/list-keys.ts')).list,
  }),
  'keys revoke': command('Revoke an API key, named by its id or, on standard input, by the key itself.', {
    words: ['[<key id>]'],
    options: { json },
    load: async () => (await import('./commands/keys.ts')).revoke,
  }),
}
