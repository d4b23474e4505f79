import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { resolveOptions as resolveBatching } from '../../packages/batching/src/options.ts'
import { resolveOptions as resolveCache } from '../../packages/cache/src/options.ts'
import { resolveOptions as resolvePagination } from '../../packages/pagination/src/options.ts'
import { resolveOptions as resolveResilience } from '../../packages/resilience/src/options.ts'
import { resolveOptions as resolveSlowQuery } from '../../packages/slow-query/src/options.ts'
import { ROOT } from '../../scripts/workspace.ts'
import { TypedProject } from './typed-project.ts'

/** The one rule: an option that is undefined is an option that is not given, for the compiler and at run time. */

const parts = [
  { part: 'batching', mount: 'batching', type: 'BatchingOptions', resolve: resolveBatching },
  { part: 'cache', mount: 'cache', type: 'CacheOptions', resolve: resolveCache },
  { part: 'pagination', mount: 'pagination', type: 'PaginationOptions', resolve: resolvePagination },
  { part: 'resilience', mount: 'resilience', type: 'ResilienceOptions', resolve: resolveResilience },
  { part: 'slow-query', mount: 'slowQuery', type: 'SlowQueryOptions', resolve: resolveSlowQuery },
] as const

test.each(parts)('$part takes every option undefined as not given', ({ part, type, resolve }) => {
  const { options } = interfacesOf(part).find(({ name }) => name === type) as Interface
  expect(options.length).toBeGreaterThan(3)
  const given = Object.fromEntries(options.map((name) => [name, undefined]))
  expect(JSON.stringify(resolve(given))).toBe(JSON.stringify(resolve({})))
})

test('every option of every package may be undefined where optional properties are exact', async () => {
  const project = new TypedProject()
  const calls = parts.flatMap(({ part }) =>
    interfacesOf(part).map(
      ({ name, options }) =>
        `export const ${name}1: import('@prisma-brisk/${part}').${name} = { ${options.map((each) => `${each}: undefined`).join(', ')} }`,
    ),
  )
  const mounts = `import { brisk } from 'prisma-brisk'
brisk({ batching: undefined, cache: undefined, pagination: undefined, slowQuery: undefined, resilience: undefined, schema: undefined })
brisk({ pagination: { omitHeavy: undefined, cursor: { secret: undefined } }, cache: { strict: { lifetime: undefined } } })
`
  project.write({ 'main.ts': `${mounts}${calls.join('\n')}\n` })
  const options = { noEmit: true, exactOptionalPropertyTypes: true }
  const { output } = await project.check(['main.ts'], options)
  project.remove()
  expect(output).toBe('')
}, 120_000)

interface Interface {
  readonly name: string
  readonly options: readonly string[]
}

/** The exported interfaces of a package's options that a caller fills in, with what may be left out of them. */
function interfacesOf(part: string): Interface[] {
  const path = join(ROOT, 'packages', part, 'src/options.ts')
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022)
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ name }) => !/^Resolved|^OmitHeavyOption/.test(name.text))
    .map(({ name, members }) => ({
      name: name.text,
      options: members.filter(ts.isPropertySignature).flatMap((member) => {
        if (member.questionToken === undefined) return []
        return [(member.name as ts.Identifier).text]
      }),
    }))
    .filter(({ options }) => options.length > 0)
}
