import { readArgs, type Command } from './command.ts'

const lazy = (usage: string, about: string, load: () => Promise<Command['run']>): Command => ({
  usage,
  about,
  run: async (invocation) => (await load())(invocation),
})

/** Every command; each is loaded when it is called. */
export const commands: Record<string, Command> = {
  serve: lazy(
    'serve [--new-installation]',
    'Serve the API until SIGTERM; where there is no installation yet, make one. With a key file but no database only --new-installation does.',
    async () => {
      const { serve } = await import('../main.ts')
      return ({ env, args }) => {
        const { values } = readArgs(args, { 'new-installation': { type: 'boolean' } })
        return serve(env, values['new-installation'] ? 'new' : 'first')
      }
    },
  ),
  migrate: lazy(
    'migrate [--prepare]',
    'Bring the database up to date and stop; --prepare does so in an empty PostgreSQL database, too.',
    async () => (await import('./migrate.ts')).migrate,
  ),
  doctor: lazy(
    'doctor',
    'Check configuration, keys, database and audit log.',
    async () => (await import('./doctor.ts')).doctor,
  ),
  'erase status': lazy(
    'erase status [--json]',
    'Show what is still to be erased and what the files do with the bytes of removed rows; exits with 1 when something is overdue by more than 10 minutes.',
    async () => (await import('./erase.ts')).status,
  ),
  simulate: lazy(
    'simulate [--port 4020] [--json]',
    'Answer as the simulated carriers, on this machine only, until SIGTERM.',
    async () => (await import('./simulate.ts')).simulate,
  ),
  'catalog list': lazy(
    'catalog list [--json]',
    'List the carriers.',
    async () => (await import('./catalog.ts')).listCarriers,
  ),
  'catalog show': lazy(
    'catalog show <name or SCAC> [--json]',
    'Show one carrier.',
    async () => (await import('./catalog.ts')).showCarrier,
  ),
  'tenants create': lazy(
    'tenants create --name <name> [--json]',
    'Create a tenant.',
    async () => (await import('./tenants.ts')).create,
  ),
  'tenants list': lazy(
    'tenants list [--json]',
    'List the tenants.',
    async () => (await import('./tenants.ts')).list,
  ),
  'keys create': lazy(
    'keys create --tenant <name or id> --environment production|sandbox --scopes read,write,use,admin,partner [--description <text>] [--expires <time>] [--json]',
    'Make an API key; its text is shown this once.',
    async () => (await import('./keys.ts')).create,
  ),
  'keys list': lazy(
    'keys list [--tenant <name or id>] [--json]',
    'List the API keys.',
    async () => (await import('./keys.ts')).list,
  ),
  'keys revoke': lazy(
    'keys revoke <key id> [--json]',
    'Revoke an API key.',
    async () => (await import('./keys.ts')).revoke,
  ),
}

/** What the command line can do. */
export function usage(): string {
  const lines = Object.values(commands).map(({ usage: text, about }) => `  hawser ${text}\n      ${about}`)
  return `Usage:\n${lines.join('\n')}\n`
}
