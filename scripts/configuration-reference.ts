// docs/reference/configuration.md, from the TSDoc of the options: what an option means is said once, beside it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import ts from 'typescript'

import { ROOT } from './workspace.ts'

export const CONFIGURATION_REFERENCE = join(ROOT, 'docs/reference/configuration.md')

interface Chapter {
  readonly title: string
  readonly lead: string
  /** Options, the package that declares them, and the path that stands before their names. */
  readonly sections: readonly (readonly [
    title: string,
    folder: string,
    declaration: string,
    prefix: string,
  ])[]
}

const CHAPTERS: readonly Chapter[] = [
  {
    title: 'brisk',
    lead: '`brisk({ … })` of `prisma-brisk`: every part takes its own options, or `false` to leave it out.',
    sections: [['', 'prisma-brisk', 'BriskOptions', '']],
  },
  {
    title: 'Batching',
    lead: '`batching({ … })` of `@prisma-brisk/batching`, or `brisk({ batching: { … } })`.',
    sections: [['', 'batching', 'BatchingOptions', '']],
  },
  {
    title: 'Cache',
    lead: '`cache({ … })` of `@prisma-brisk/cache`, or `brisk({ cache: { … } })`.',
    sections: [
      ['', 'cache', 'CacheOptions', ''],
      ['Of a call: `cacheStrategy`', 'cache', 'CacheStrategy', 'cacheStrategy.'],
      ['`memoryStore({ … })`', 'cache', 'MemoryStoreOptions', ''],
      ['`redisStore(client, { … })`', 'cache', 'RedisStoreOptions', ''],
      ['`postgresStore(pool, { … })`', 'cache', 'PostgresStoreOptions', ''],
      ['`tieredStore({ … })`', 'cache', 'TieredStoreOptions', ''],
      ['`accelerateStore({ … })`', 'cache', 'AccelerateStoreOptions', ''],
      ['`withAccelerate({ … })`', 'cache', 'WithAccelerateOptions', ''],
    ],
  },
  {
    title: 'Pagination',
    lead: '`pagination({ … })` of `@prisma-brisk/pagination`, or `brisk({ pagination: { … } })`.',
    sections: [
      ['', 'pagination', 'PaginationOptions', ''],
      ['Limits, for all models and in `models` for one', 'pagination', 'LimitOptions', ''],
      ['Nested lists', 'pagination', 'NestedLimitOptions', 'nested.'],
      ['Cursors', 'pagination', 'CursorOptions', 'cursor.'],
    ],
  },
  {
    title: 'Slow queries',
    lead: '`slowQuery({ … })` of `@prisma-brisk/slow-query`, or `brisk({ slowQuery: { … } })`.',
    sections: [
      ['', 'slow-query', 'SlowQueryOptions', ''],
      ['Plans', 'slow-query', 'ExplainOptions', 'explain.'],
      ['Loops of queries', 'slow-query', 'NPlusOneOptions', 'nPlusOne.'],
      ['Alerts', 'slow-query', 'AlertRule', 'alerts[].'],
      ['Request budget', 'slow-query', 'RequestBudget', 'requestBudget.'],
      ['`consoleSink({ … })`', 'slow-query', 'ConsoleSinkOptions', ''],
      ['`jsonLinesSink(path, { … })`', 'slow-query', 'JsonLinesSinkOptions', ''],
      ['`openTelemetry({ … })`', 'slow-query', 'OpenTelemetryOptions', ''],
      ['`briskComments({ … })`', 'slow-query', 'BriskCommentsOptions', ''],
    ],
  },
  {
    title: 'Resilience',
    lead: '`resilience({ … })` of `@prisma-brisk/resilience`, or `brisk({ resilience: { … } })`.',
    sections: [
      ['', 'resilience', 'ResilienceOptions', ''],
      ['Retries', 'resilience', 'RetryOptions', 'retry.'],
      ['Deferred work', 'resilience', 'DeferredOptions', 'deferred.'],
    ],
  },
  {
    title: 'Index advisor',
    lead: '`advise({ … })` of `@prisma-brisk/index-advisor`. The command has flags of the same names; `brisk advise --help` lists them.',
    sections: [
      ['', 'index-advisor', 'AdviseOptions', ''],
      ['`exportPostgresStatistics(client, { … })`', 'index-advisor', 'ExportOptions', ''],
    ],
  },
  {
    title: 'Query budgets',
    lead: '`budgets` of the default export of `brisk.config.{ts,mts,mjs,js,json}`, or of `brisk` in `package.json`, for `brisk record` and `brisk check`. What is wrong there is `E_BUDGET_CONFIG`.',
    sections: [
      ['', 'live', 'BudgetConfig', ''],
      ['Rules', 'live', 'BudgetRules', 'rules.'],
      ['Allowances', 'live', 'Allowance', 'allow[].'],
    ],
  },
]

/** The document, formatted as it is committed. */
export async function configurationReference(): Promise<string> {
  const lines = [
    '# Configuration',
    '',
    '<!-- Written by scripts/configuration-reference.ts from the TSDoc of the options; edit them instead. -->',
    '',
    'Every option may be left out unless it says “required”. A name that does not exist, a wrong type and an impossible',
    'combination are refused when the client is extended, with `InvalidOptionsError` (`E_INVALID_OPTIONS`) that names the',
    'option, what was expected and what was given.',
    '',
  ]
  for (const { title, lead, sections } of CHAPTERS) {
    lines.push(`## ${title}`, '', lead, '')
    for (const [heading, folder, declaration, prefix] of sections) {
      if (heading !== '') lines.push(`### ${heading}`, '')
      lines.push(...optionsOf(folder, declaration).map((option) => entry(option, prefix)))
    }
  }
  return format(lines.join('\n'), { ...(await resolveConfig(CONFIGURATION_REFERENCE)), parser: 'markdown' })
}

interface Option {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly text: string
}

/** The members of an interface in the order they are declared; those of an object written in place after it. */
function optionsOf(folder: string, declaration: string): Option[] {
  const directory = join(ROOT, 'packages', folder, 'src')
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const text = readFileSync(join(directory, file), 'utf8')
    if (!text.includes(`export interface ${declaration} `)) continue
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
    const found = source.statements.find(
      (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === declaration,
    )
    if (found !== undefined) return membersOf((found as ts.InterfaceDeclaration).members, source, '')
  }
  throw new Error(`${folder} declares no interface ${declaration}`)
}

function membersOf(members: ts.NodeArray<ts.TypeElement>, source: ts.SourceFile, prefix: string): Option[] {
  return members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = `${prefix}${member.name.getText(source)}`
    const text = documentationOf(member)
    const given = givenType(member)
    const nested = given !== undefined && ts.isTypeLiteralNode(given) ? given : null
    const type = nested === null ? textOf(given, source) : 'object'
    return [
      { name, type, required: member.questionToken === undefined, text },
      ...(nested === null ? [] : membersOf(nested.members, source, `${name}.`)),
    ]
  })
}

/** The type of what is given: every option may be undefined, which the table does not repeat. */
function givenType({ type }: ts.PropertySignature): ts.TypeNode | undefined {
  if (type === undefined || !ts.isUnionTypeNode(type)) return type
  const given = type.types.filter(({ kind }) => kind !== ts.SyntaxKind.UndefinedKeyword)
  const [only] = given
  if (given.length !== 1 || only === undefined) return type
  return ts.isParenthesizedTypeNode(only) ? only.type : only
}

function textOf(type: ts.TypeNode | undefined, source: ts.SourceFile): string {
  const text = type?.getText(source) ?? 'unknown'
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ \| undefined\b/g, '')
    .replaceAll('{ readonly ', '{ ')
}

/** Links become what they name; lists stay lists. */
function documentationOf(member: ts.PropertySignature): string {
  const documentation = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(documentation?.comment) ?? ''
  return text.replaceAll(/\{@link (?:\w+\.)?(\w+)\}/g, '`$1`').trim()
}

/** An option as an item of a list: its meaning is prose, which a column of a table has no room for. */
function entry({ name, type, required, text }: Option, prefix: string): string {
  const body = text.replaceAll(/\n(?!\n)/g, '\n  ')
  return `- **\`${prefix}${name}\`**: \`${type}\`${required ? ', required' : ''}\n\n  ${body}\n`
}
