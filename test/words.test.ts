import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import ts from 'typescript'

const GENERATED = new Set(['src/client/carriers.ts'])
const files = globSync('src/**/*.ts').filter((file) => !GENERATED.has(file))
const sources = files.map((file) =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
)
const parse = (text: string) => ts.createSourceFile('src/control.ts', text, ts.ScriptTarget.Latest, true)

type Named = { file: string; name: string }

/** Lists the exported types of a file. */
function exportedTypes(source: ts.SourceFile): Named[] {
  return source.statements
    .filter((statement) => ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement))
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .map(({ name }) => ({ file: source.fileName, name: name.text }))
}

/** Lists the names that several exported types have. */
function homonyms(all: readonly ts.SourceFile[]): string[] {
  const byName = Map.groupBy(all.flatMap(exportedTypes), ({ name }) => name)
  return [...byName].filter(([, types]) => types.length > 1).map(([name]) => name)
}

/** Lists the functions of a file whose parameters are hard to tell apart where they are called. */
function crowdedFunctions(source: ts.SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && isCrowded(node.parameters)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${source.fileName}:${line + 1}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isCrowded(parameters: readonly ts.ParameterDeclaration[]): boolean {
  const isFlag = ({ type, initializer }: ts.ParameterDeclaration) =>
    type?.kind === ts.SyntaxKind.BooleanKeyword ||
    initializer?.kind === ts.SyntaxKind.TrueKeyword ||
    initializer?.kind === ts.SyntaxKind.FalseKeyword
  const isOptional = ({ questionToken }: ts.ParameterDeclaration) => questionToken !== undefined
  return (
    parameters.length > 4 || parameters.some(isFlag) || (parameters.length > 1 && parameters.some(isOptional))
  )
}

/** Lists the doc comments of a file that begin with a word that a whole sentence does not begin with. */
function fragments(text: string): string[] {
  const begins = /\/\*\*\s+(?:\* )?((?:What|Whether|Which|Who|The same|Of)\b[^\n]*)/g
  return [...text.matchAll(begins)].map(([, begin = '']) => begin)
}

/** These words were private to this project, and a stranger could not guess them. */
const PRIVATE = /bury|buried|twin|unasked|finding|verdict|judg|proof|flights|^(room|parts|slots|prove)$/i

describe('words', () => {
  test('a type name means one thing', () => {
    // The client has the names of the public API, and shares no code with the server.
    const [client, server] = [true, false].map((isClient) =>
      sources.filter(({ fileName }) => fileName.startsWith('src/client/') === isClient),
    )
    assert.deepEqual(homonyms(server ?? []), [])
    assert.deepEqual(homonyms(client ?? []), [])
    const control = [parse('export type Scope = 1'), parse('export type Scope = 2\ntype Local = 1')]
    assert.deepEqual(homonyms(control), ['Scope'], 'the control')
  })

  test('no file and no exported type has a name that only we understand', () => {
    const names = [
      ...files.map((file) => basename(file).replace(/(\.test)?\.ts$/, '')),
      ...sources.flatMap(exportedTypes).map(({ name }) => name),
    ]
    assert.deepEqual(
      names.filter((name) => PRIVATE.test(name)),
      [],
    )
    assert.ok(
      ['bury', 'room', 'unasked', 'Verdict'].every((name) => PRIVATE.test(name)),
      'the control',
    )
  })

  test('a function has at most four positional parameters, no boolean and no optional one among them', () => {
    const own = sources.filter(({ fileName }) => !fileName.endsWith('.test.ts'))
    assert.deepEqual(own.flatMap(crowdedFunctions), [])
    const control =
      'const a = (b: boolean) => b\nfunction c(d: 1, e?: 1) { return [d, e] }\nfunction f(g: 1, h: 1) { return [g, h] }'
    assert.deepEqual(
      crowdedFunctions(parse(control)),
      ['src/control.ts:1', 'src/control.ts:2'],
      'the control',
    )
  })

  test('no doc comment is a clause without its sentence', () => {
    const all = globSync('{src,test,scripts,bench}/**/*.ts').flatMap((file) =>
      fragments(readFileSync(file, 'utf8')).map((begin) => `${file}: ${begin}`),
    )
    assert.deepEqual(all, [])
    const control = ['Whether it holds.', '\n * What it holds.\n', 'Returns it.']
    assert.equal(control.flatMap((text) => fragments(`/** ${text} */`)).length, 2, 'the control')
  })
})
