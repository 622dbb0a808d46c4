import { serve } from '../main.ts'
import type { Call } from './command.ts'

/** Serves the API until SIGTERM. */
export const serveUntilStopped = ({ env, values }: Call<{ 'new-installation'?: boolean }>): Promise<number> =>
  serve(env, values['new-installation'] ? 'new' : 'first')
