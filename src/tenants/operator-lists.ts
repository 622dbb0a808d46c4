import type { Context } from '../context.ts'
import { readOperatorLists, type OperatorLists } from '../store/tables/tenants/operator-lists.ts'

export type { OperatorLists }

/** Reads the operator's lists without opening the installation; returns `undefined` where the installation has to be opened for them. */
export const lookAtLists = ({ config }: Pick<Context, 'config'>): Promise<OperatorLists | undefined> =>
  readOperatorLists(config.database)
