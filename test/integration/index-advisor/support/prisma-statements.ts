import { readFileSync } from 'node:fs'
import { advise } from '../../../../packages/index-advisor/src/advise.ts'
import type { QueryShape } from '../../../../packages/index-advisor/src/shape/query-shape.ts'
import { TestProject } from '../../../../packages/index-advisor/test/support/project.ts'
import type { Provider } from '../../../support/databases.ts'

/** Calls of Prisma Client, each as its text, as the advisor reads them in the source of a project; the shapes of each. */
export async function shapesOfCalls(
  provider: Provider,
  calls: readonly string[],
): Promise<readonly (readonly QueryShape[])[]> {
  const schema = readFileSync(new URL('../../../../prisma/schema.prisma', import.meta.url), 'utf8').replace(
    /provider = "postgresql"/,
    `provider = "${provider}"`,
  )
  const project = new TestProject({
    'prisma/schema.prisma': schema,
    'src/q.ts': `import { PrismaClient } from '../prisma/generated/postgresql/client'
const prisma = new PrismaClient()
${calls.map((call, at) => `export const q${at} = () => ${call.replaceAll(/\s*\n\s*/g, ' ')}`).join('\n')}
`,
  })
  try {
    let found: readonly QueryShape[] = []
    await advise({
      cwd: project.cwd,
      source: true,
      selector: {
        select: ({ shapes }) => {
          found = shapes
          return Promise.resolve({ chosen: [], rejected: [], findings: [] })
        },
      },
    })
    return calls.map((_, at) => found.filter((each) => each.evidence.at?.startsWith(`src/q.ts:${at + 3}:`)))
  } finally {
    project.remove()
  }
}

/** Without quotes, schemas, lists of columns, brackets, casts and values: what is left says what is read. */
export function plain(sql: string): string {
  return sql
    .toLowerCase()
    .replaceAll(/["`]/g, '')
    .replaceAll(/\(\$\d+ \|\| \$\d+\)|concat\([^)]*\)/g, '$1')
    .replaceAll(/cast\((\$\d+)::text as [\w.]+\)/g, '$1')
    .replaceAll('::text', '')
    .replaceAll(/\bin \(null\)/g, 'in (?)')
    .replaceAll(/\b\w+\.(?=\w)/g, '')
    .replaceAll(/\$\d+|'[^']*'|\b\d+\b|\b(?:true|false)\b/g, '?')
    .replaceAll(/select (?:(?!select|from\b).)* from/g, 'select from')
    .replaceAll(/\?=\?( and )?/g, '')
    .replaceAll(/\?(?: \|\| \?)+/g, '?')
    .replaceAll(/[(),]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(?:\? ?)+/g, '? ')
    .replaceAll(/ where (?=$|order|limit|group)/g, ' ')
    .replaceAll(/ (?:asc|offset \?)(?=\s|$)/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** A statement, and the rows that it counts by their parent, which a server finds by themselves. */
export function parts(sql: string): string[] {
  return [
    sql,
    ...[...sql.matchAll(/ join (select (?:(?! join select ).)*?) as aggr_selection/g)].map(
      ([, counted = '']) => counted,
    ),
  ]
}

/** The same with its conditions as every planner takes them: in any order, and `NOT a = b` as `a <> b`. */
export function unordered(statement: string): string {
  const sql = statement.replaceAll(/ not (\w+) = \?/g, ' $1 <> ?')
  const [, before = '', conditions = '', after = ''] =
    /^(.*? where )(.*?)( order by .*| group by .*| limit .*|)$/.exec(sql) ?? []
  return before === '' ? sql : before + conditions.split(' and ').sort().join(' and ') + after
}
