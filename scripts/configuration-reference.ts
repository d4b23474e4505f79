// docs/reference/configuration.md, from the TSDoc of the options: what an option means is said once, beside it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import ts from 'typescript'

import { ROOT } from './workspace.ts'

export const CONFIGURATION_REFERENCE = join(ROOT, 'docs/reference/configuration.md')

interface Chapter {
  readonly title: string
  readonly lead: string
  /** Options, where they are declared, and the path that stands before their names. */
  readonly sections: readonly (readonly [title: string, file: string, declaration: string, prefix: string])[]
}

const CHAPTERS: readonly Chapter[] = [
  {
    title: 'brisk',
    lead: '`brisk({ … })` of `prisma-brisk`: every part takes its own options, or `false` to leave it out.',
    sections: [['', 'prisma-brisk/src/options.ts', 'BriskOptions', '']],
  },
  {
    title: 'Batching',
    lead: '`batching({ … })` of `@prisma-brisk/batching`, or `brisk({ batching: { … } })`.',
    sections: [['', 'batching/src/options.ts', 'BatchingOptions', '']],
  },
  {
    title: 'Cache',
    lead: '`cache({ … })` of `@prisma-brisk/cache`, or `brisk({ cache: { … } })`.',
    sections: [
      ['', 'cache/src/options.ts', 'CacheOptions', ''],
      ['Of a call: `cacheStrategy`', 'cache/src/cache-strategy.ts', 'CacheStrategy', 'cacheStrategy.'],
      ['`memoryStore({ … })`', 'cache/src/memory-store.ts', 'MemoryStoreOptions', ''],
      ['`redisStore(client, { … })`', 'cache/src/redis-store.ts', 'RedisStoreOptions', ''],
      ['`tieredStore({ … })`', 'cache/src/tiered-store.ts', 'TieredStoreOptions', ''],
      ['`accelerateStore({ … })`', 'cache/src/accelerate-store.ts', 'AccelerateStoreOptions', ''],
    ],
  },
  {
    title: 'Pagination',
    lead: '`pagination({ … })` of `@prisma-brisk/pagination`, or `brisk({ pagination: { … } })`.',
    sections: [
      ['', 'pagination/src/options.ts', 'PaginationOptions', ''],
      ['Limits, for all models and in `models` for one', 'pagination/src/options.ts', 'LimitOptions', ''],
      ['Nested lists', 'pagination/src/options.ts', 'NestedLimitOptions', 'nested.'],
      ['Cursors', 'pagination/src/options.ts', 'CursorOptions', 'cursor.'],
    ],
  },
  {
    title: 'Slow queries',
    lead: '`slowQuery({ … })` of `@prisma-brisk/slow-query`, or `brisk({ slowQuery: { … } })`.',
    sections: [
      ['', 'slow-query/src/options.ts', 'SlowQueryOptions', ''],
      ['Plans', 'slow-query/src/options.ts', 'ExplainOptions', 'explain.'],
      ['Loops of queries', 'slow-query/src/options.ts', 'NPlusOneOptions', 'nPlusOne.'],
      ['Alerts', 'slow-query/src/alert.ts', 'AlertRule', 'alerts[].'],
      ['Request budget', 'slow-query/src/request-budget.ts', 'RequestBudget', 'requestBudget.'],
      ['`consoleSink({ … })`', 'slow-query/src/console-sink.ts', 'ConsoleSinkOptions', ''],
      ['`jsonLinesSink(path, { … })`', 'slow-query/src/json-lines-sink.ts', 'JsonLinesSinkOptions', ''],
      ['`openTelemetry({ … })`', 'slow-query/src/opentelemetry.ts', 'OpenTelemetryOptions', ''],
    ],
  },
  {
    title: 'Resilience',
    lead: '`resilience({ … })` of `@prisma-brisk/resilience`, or `brisk({ resilience: { … } })`.',
    sections: [
      ['', 'resilience/src/options.ts', 'ResilienceOptions', ''],
      ['Retries', 'resilience/src/options.ts', 'RetryOptions', 'retry.'],
      ['Deferred work', 'resilience/src/options.ts', 'DeferredOptions', 'deferred.'],
    ],
  },
  {
    title: 'Index advisor',
    lead: '`advise({ … })` of `@prisma-brisk/index-advisor`. The command has flags of the same names; `brisk advise --help` lists them.',
    sections: [
      ['', 'index-advisor/src/advise.ts', 'AdviseOptions', ''],
      [
        '`exportPostgresStatistics(client, { … })`',
        'index-advisor/src/statistics/export-postgres.ts',
        'ExportOptions',
        '',
      ],
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
    for (const [heading, file, declaration, prefix] of sections) {
      if (heading !== '') lines.push(`### ${heading}`, '')
      lines.push(
        '| option | type | meaning, unit, default |',
        '| --- | --- | --- |',
        ...optionsOf(file, declaration).map((option) => row(option, prefix)),
        '',
      )
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
function optionsOf(file: string, declaration: string): Option[] {
  const path = join(ROOT, 'packages', file)
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true)
  const found = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === declaration,
  )
  if (found === undefined) throw new Error(`${file} declares no interface ${declaration}`)
  return membersOf((found as ts.InterfaceDeclaration).members, source, '')
}

function membersOf(members: ts.NodeArray<ts.TypeElement>, source: ts.SourceFile, prefix: string): Option[] {
  return members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = `${prefix}${member.name.getText(source)}`
    const text = documentationOf(member)
    const nested = member.type !== undefined && ts.isTypeLiteralNode(member.type) ? member.type : null
    const type = nested === null ? typeOf(member, source) : 'object'
    return [
      { name, type, required: member.questionToken === undefined, text },
      ...(nested === null ? [] : membersOf(nested.members, source, `${name}.`)),
    ]
  })
}

function typeOf(member: ts.PropertySignature, source: ts.SourceFile): string {
  return (member.type?.getText(source) ?? 'unknown').replaceAll(/\s+/g, ' ').replace(/ \| undefined$/, '')
}

/** Links become what they name; lists become sentences, since a table has no place for them. */
function documentationOf(member: ts.PropertySignature): string {
  const documentation = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(documentation?.comment) ?? ''
  return text
    .replaceAll(/\{@link (?:\w+\.)?(\w+)\}/g, '`$1`')
    .replaceAll(/\n\s*\n?- /g, '<br>')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()
}

function row({ name, type, required, text }: Option, prefix: string): string {
  const cells = [`\`${prefix}${name}\``, `\`${type}\``, `${required ? '_Required._ ' : ''}${text}`]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
