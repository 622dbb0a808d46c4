import { parseConfig } from '../../config.ts'
import type { Call } from '../command.ts'

/** Serves the API until SIGTERM; a configuration that cannot be used is refused before all else is loaded. */
export async function serveUntilStopped({
  env,
  values,
}: Call<{ 'new-installation'?: boolean }>): Promise<number> {
  parseConfig(env)
  const { serve } = await import('../../main.ts')
  return serve(env, values['new-installation'] ? 'new' : 'first')
}
