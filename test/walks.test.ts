import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, test } from 'node:test'

const PAGE = readFileSync('docs/architecture.md', 'utf8')
const read = (file: string) => readFileSync(file, 'utf8')

type Step = { file: string; name: string }

/** Reads the walks of a page, each with its steps in order. */
function walksOf(page: string): Map<string, Step[]> {
  const walks = new Map<string, Step[]>()
  for (const [, title = '', text = ''] of page.matchAll(/^### (.+)\n([^#]*(?:\(#[^#]*)*)/gm)) {
    const steps = [...text.matchAll(/^\d+\. `([^`]+)` — `(\w+)`/gm)]
    walks.set(
      title,
      steps.map(([, file = '', name = '']) => ({ file, name })),
    )
  }
  return walks
}

const importsOf = (file: string) =>
  [...read(file).matchAll(/from '(\.[^']+)'/g)].map(([, to = '']) => normalize(join(dirname(file), to)))

/** Says what is wrong with the steps of a walk: a function that is not in its file, or that no file before it imports and names. */
function faultsOf(steps: readonly Step[]): string[] {
  return steps.flatMap(({ file, name }, index) => {
    if (!existsSync(file)) return [`${file} is not there`]
    if (!new RegExp(`^export (async )?(function\\*?|const) ${name}\\b`, 'm').test(read(file)))
      return [`${file} exports no ${name}`]
    const before = steps.slice(0, index)
    const isReached = before.some(
      (earlier) =>
        importsOf(earlier.file).includes(file) && new RegExp(`\\b${name}\\b`).test(read(earlier.file)),
    )
    return index === 0 || isReached ? [] : [`no file before ${file} imports ${name}`]
  })
}

describe('docs/architecture.md', () => {
  const walks = walksOf(PAGE)

  test('has the four walks', () => {
    assert.deepEqual([...walks.keys()], ['An update', 'A scheduled check', 'A delete', 'A lease'])
    for (const steps of walks.values()) assert.ok(steps.length > 4)
  })

  for (const [title, steps] of walks)
    test(`${title.toLowerCase()}: a reader enters these files in this order, at most 14, and none again`, () => {
      assert.deepEqual(faultsOf(steps), [])
      assert.ok(steps.length <= 14)
      assert.equal(new Set(steps.map(({ file }) => file)).size, steps.length)
    })

  test('the control: a step that is not there, and one that nothing leads to, are seen', () => {
    const [first, , third] = walks.get('An update') ?? []
    assert.ok(first && third)
    assert.deepEqual(faultsOf([first, { file: 'src/none.ts', name: 'none' }]), ['src/none.ts is not there'])
    assert.equal(faultsOf([first, { ...third, name: 'none' }]).length, 1)
    assert.equal(faultsOf([third, first]).length, 1)
  })

  test('names every module and every room, and none that is not there', () => {
    const named = [...PAGE.matchAll(/^\| `(src\/[^`]+)` +\|/gm)].map(([, folder]) => folder)
    const folders = globSync(['src/*/', 'src/{connections,http,store}/*/']).map((path) =>
      path.replace(/\/$/, ''),
    )
    assert.deepEqual(named.toSorted(), folders.toSorted())
  })
})
