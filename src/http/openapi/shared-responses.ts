/** `SHARED` has the statuses with which most operations refuse for the same reasons. */
const SHARED = new Set([401, 403, 413, 415, 429, 500, 503])

export type SharedResponses = {
  /** `share` returns the response itself, or a reference to one that is written once for all operations that have it. */
  share: (status: number, response: object) => object
  /** `components` has every shared response by its name. */
  components: Record<string, object>
}

/** Returns a collector for responses that many operations have in common, so that the API description has each of them once. */
export function collectResponses(): SharedResponses {
  const names = new Map<string, string>()
  const components: Record<string, object> = {}
  const share = (status: number, response: object) => {
    if (!SHARED.has(status)) return response
    const text = JSON.stringify(response)
    const others = [...names.values()].filter((name) => name.startsWith(`refused_${status}`)).length
    const name = names.get(text) ?? `refused_${status}${others === 0 ? '' : `_${others + 1}`}`
    names.set(text, name)
    components[name] = response
    return { $ref: `#/components/responses/${name}` }
  }
  return { share, components }
}
