import { parseConfig } from '../../config.ts'
import type { CommandCall } from '../command.ts'

/** Serves the API until SIGTERM; refuses a configuration that cannot be used before the rest of the program is loaded. */
export async function serveUntilStopped({
  env,
  values,
}: CommandCall<{ 'new-installation'?: boolean }>): Promise<number> {
  parseConfig(env)
  const { serve } = await import('../../main.ts')
  return serve(env, values['new-installation'] ? 'new' : 'first')
}
