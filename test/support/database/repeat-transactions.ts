import type { Store } from '../../../src/store/db.ts'

class Rehearsed extends Error {}

export function rehearsing(store: Store): Store {
  return {
    ...store,
    transaction: async (tenantId, work) => {
      await store
        .transaction(tenantId, async (tx) => {
          await work(tx)
          throw new Rehearsed()
        })
        .catch((error: unknown) => {
          if (!(error instanceof Rehearsed)) throw error
        })
      return store.transaction(tenantId, work)
    },
  }
}
