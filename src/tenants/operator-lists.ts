import type { Context } from '../context.ts'
import { readOperatorLists, type OperatorLists } from '../store/tables/tenants/operator-lists.ts'

export type { OperatorLists }

/** What the operator lists, read without opening the installation; `undefined` where it has to be opened. */
export const lookAtLists = ({ config }: Pick<Context, 'config'>): Promise<OperatorLists | undefined> =>
  readOperatorLists(config.database)
