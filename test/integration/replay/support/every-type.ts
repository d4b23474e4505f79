import { generateClient } from '../../../support/generated-client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../../support/databases.ts'
import { createTables } from '../../../../scripts/create-tables.ts'
import type { Random } from '../../../support/random.ts'

// A schema with a column of every type that Prisma can read, and the values that go into them.

export interface Column {
  readonly name: string
  readonly type: string
  readonly attributes: string
  readonly isList?: boolean
  /** Values that are stored, and asked for. */
  readonly values: readonly unknown[]
  readonly canSort: boolean
  readonly filters: readonly string[]
}

const ORDERED = ['equals', 'not', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte']
const TEXT = [...ORDERED, 'contains', 'startsWith', 'endsWith']
const EQUAL = ['equals', 'not', 'in', 'notIn']
const LIST = ['has', 'hasEvery', 'hasSome', 'isEmpty', 'equals']

const texts = [
  '',
  'ada',
  'Ada',
  'ada%',
  '%',
  '_',
  'o\'hara "x"',
  '\\',
  '🦀 krab',
  'null',
  '1',
  '?',
  '$1',
  'a\nb',
  ' ada ',
]
const dates = [
  '2024-06-15T12:34:56.789Z',
  '1960-03-04T05:06:07.008Z',
  '2024-02-29T12:34:56.789Z',
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2038-01-19T03:14:08.000Z',
  '1066-10-14T08:00:00.000Z',
  '9999-12-31T23:59:59.000Z',
].map((text) => new Date(text))
const days = ['2024-02-29', '1969-12-31', '1970-01-01', '2100-03-01'].map((text) => new Date(text))

/** Decimals are made by the client's own class. */
export type MakeDecimal = (digits: string) => object

export function columnsOf(provider: Provider, decimal: MakeDecimal): readonly Column[] {
  const isPostgres = provider === 'postgresql'
  const isMysql = provider === 'mysql'
  const column = (
    name: string,
    type: string,
    values: readonly unknown[],
    filters: readonly string[],
    attributes = '',
    canSort = true,
  ): Column => ({ name, type, attributes, values, filters, canSort })
  const bytes = [[], [0], [255, 0, 128], [...Buffer.from('bytes')]].map((each) => new Uint8Array(each))
  const documents = [{ a: [1, null, { b: 'x' }], z: 0, A: 1 }, [], [1, 'two', null], 'text', 7, 1.5, true, {}]
  const scalars: Column[] = [
    column('int', 'Int', [0, 1, -1, 7, 2147483647, -2147483648], ORDERED, '@map("int_column")'),
    column(
      'big',
      'BigInt',
      provider === 'sqlite'
        ? [0n, 1n, -1n, 9007199254740991n]
        : [0n, 1n, -1n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n],
      ORDERED,
    ),
    column('float', 'Float', [0, 1.5, -2.25, 1e21, 1e-7, 0.1, 123456789.125, 3], ORDERED),
    column('flag', 'Boolean', [true, false], ['equals', 'not']),
    column(
      'text',
      'String',
      isMysql ? texts.filter((text) => text === text.trim()) : texts,
      TEXT,
      isMysql ? '@db.VarChar(100)' : '',
    ),
    column(
      'at',
      'DateTime',
      isMysql ? dates.map((at) => new Date(Math.max(+at, Date.UTC(1000, 0)))) : dates,
      ORDERED,
      '@map("happened at")',
    ),
    column('bytes', 'Bytes', bytes, EQUAL, '', false),
    column('document', 'Json', documents, [], '', false),
    column(
      'number',
      'Decimal',
      ['0', '1.5', '-2.25', '123456789.123456', '1000000', '0.000001'].map(decimal),
      ORDERED,
      provider === 'sqlite' ? '' : '@db.Decimal(20, 6)',
    ),
    column('color', 'Color', ['RED', 'GREEN', 'blue'], EQUAL),
  ]
  const native: Column[] = isPostgres
    ? [
        column('small', 'Int', [0, 1, -32768, 32767], ORDERED, '@db.SmallInt'),
        column('real', 'Float', [0, 1.5, -2.25], ORDERED, '@db.Real'),
        column(
          'numeric',
          'Decimal',
          ['1.10', '2', '123456789012345678901234567890.123'].map(decimal),
          ORDERED,
          '@db.Decimal',
        ),
        column('money', 'Decimal', ['1.1', '2', '-7.25'].map(decimal), [], '@db.Money'),
        column(
          'uuid',
          'String',
          ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'],
          EQUAL,
          '@db.Uuid',
        ),
        column('fixed', 'String', ['abc', 'x'], EQUAL, '@db.Char(6)'),
        column('address', 'String', ['10.0.0.1', '::1'], EQUAL, '@db.Inet'),
        column('bits', 'String', ['101', '0'], EQUAL, '@db.VarBit(8)'),
        column('markup', 'String', ['<a/>'], [], '@db.Xml', false),
        column('oid', 'Int', [1, 77], EQUAL, '@db.Oid'),
        column('day', 'DateTime', days, ORDERED, '@db.Date'),
        column('zoned', 'DateTime', dates, ORDERED, '@db.Timestamptz(3)'),
        column('precise', 'DateTime', dates, ORDERED, '@db.Timestamp(6)'),
        column(
          'clock',
          'DateTime',
          [new Date('1970-01-01T12:34:56.789Z'), new Date('1970-01-01T00:00:00Z')],
          ORDERED,
          '@db.Time(3)',
        ),
        column('zonedClock', 'DateTime', [new Date('1970-01-01T12:34:56.789Z')], ORDERED, '@db.Timetz(3)'),
        column('plainJson', 'Json', documents, [], '@db.Json', false),
      ]
    : isMysql
      ? [
          column('tiny', 'Int', [0, 1, -128, 127], ORDERED, '@db.TinyInt'),
          column('unsigned', 'Int', [0, 1, 2147483647], ORDERED, '@db.UnsignedInt'),
          column('unsignedBig', 'BigInt', [0n, 18446744073709551615n], ORDERED, '@db.UnsignedBigInt'),
          column('real', 'Float', [0, 1.5, -2.25], ORDERED, '@db.Float'),
          column('bit', 'Boolean', [true, false], ['equals', 'not'], '@db.Bit(1)'),
          column('fixed', 'String', ['abc', 'x'], EQUAL, '@db.Char(6)'),
          column('long', 'String', ['abc', 'x'], TEXT, '@db.LongText'),
          column('day', 'DateTime', days, ORDERED, '@db.Date'),
          column(
            'stamp',
            'DateTime',
            [new Date('2024-02-29T12:34:56Z'), new Date('1970-01-02T00:00:01Z')],
            ORDERED,
            '@db.Timestamp(0)',
          ),
          column(
            'clock',
            'DateTime',
            [new Date('1970-01-01T12:34:56Z'), new Date('1970-01-01T00:00:00Z')],
            ORDERED,
            '@db.Time(0)',
          ),
          column('year', 'Int', [2024, 1970], ORDERED, '@db.Year'),
          column('binary', 'Bytes', [new Uint8Array([1, 2, 3, 4])], EQUAL, '@db.Binary(4)', false),
        ]
      : []
  const lists: Column[] = isPostgres
    ? [
        ...scalars,
        ...native.filter(({ name }) => ['uuid', 'day', 'zoned', 'real', 'numeric'].includes(name)),
      ].map(({ name, type, attributes, values }) => ({
        name: `${name}s`,
        type,
        attributes: attributes.replace(/@map\("(.*?)"\)/, '@map("$1s")'),
        isList: true,
        values,
        canSort: false,
        filters: type === 'Json' || type === 'Bytes' ? [] : LIST,
      }))
    : []
  return [...scalars, ...native, ...lists]
}

function schemaText(provider: Provider, columns: readonly Column[]): string {
  const fields = columns.map(
    ({ name, type, attributes, isList }) => `  ${name} ${type}${isList === true ? '[]' : '?'} ${attributes}`,
  )
  const required = columns
    .filter(({ isList, type }) => isList !== true && type !== 'Json')
    .slice(0, 8)
    .map(({ name, type, attributes }) => `  ${name} ${type} ${attributes}`)
  const mapped = provider === 'sqlite' ? '' : ''
  return `
enum Color {
  RED
  GREEN @map("very green")
  blue
}

model Thing {
  id Int @id
  code String @unique${provider === 'mysql' ? ' @db.VarChar(50)' : ''}
  parentId Int?
  parent Thing? @relation("Tree", fields: [parentId], references: [id], onDelete: NoAction, onUpdate: NoAction)
  children Thing[] @relation("Tree")
  parts Part[]
${fields.join('\n')}
  @@map("the things")${mapped}
}

model Part {
  left Int
  right Int
  thingId Int
  thing Thing @relation(fields: [thingId], references: [id], onDelete: Cascade, onUpdate: NoAction)
${required.join('\n')}
  @@id([left, right])
  @@unique([thingId, left], name: "place")
}
`
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyClient = any

export interface EveryType {
  readonly database: TestDatabase<AnyClient>
  readonly columns: readonly Column[]
  readonly required: readonly Column[]
  readonly prisma: AnyClient
  createClient(options?: object): AnyClient
  drop(): Promise<void>
}

export const ROWS = 40

/** A database of the schema, with rows. */
export async function everyType(provider: Provider): Promise<EveryType> {
  const { Decimal } = await import('@prisma/client-runtime-utils')
  const decimal: MakeDecimal = (digits) => new Decimal(digits)
  const columns = columnsOf(provider, decimal)
  const text = schemaText(provider, columns)
  const generated = await generateClient(text, provider)
  const { PrismaClient, Prisma } = generated.module as AnyClient
  const database = (await createDatabase(provider)) as TestDatabase<AnyClient>
  const schema = `datasource db {\n  provider = "${provider}"\n}\n${text}`
  const sql = await createTables({ name: 'every-type', provider, schema } as never)
  const adapter = await database.adapter().connect()
  for (const statement of sql.split(/;\s*$/m).filter((each) => each.trim() !== ''))
    await adapter.executeRaw({ sql: statement, args: [], argTypes: [] })
  await adapter.dispose()
  const clients: AnyClient[] = []
  const createClient = (options: object = {}) => {
    const client = new PrismaClient({ adapter: database.adapter(), ...options })
    clients.push(client)
    return client
  }
  return {
    database,
    columns,
    required: columns.filter(({ isList, type }) => isList !== true && type !== 'Json').slice(0, 8),
    prisma: Prisma,
    createClient,
    async drop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      await database.drop()
      generated.remove()
    },
  }
}

export async function fill(types: EveryType, client: AnyClient, random: Random): Promise<void> {
  const valueOf = (column: Column, isOptional: boolean): unknown => {
    if (column.isList === true) return random.list(0, 3, () => random.pick(column.values))
    return isOptional && random.chance(0.3) ? undefined : random.pick(column.values)
  }
  for (let id = 1; id <= ROWS; id++) {
    const data = Object.fromEntries(types.columns.map((column) => [column.name, valueOf(column, id > 4)]))
    await client.thing.create({
      data: { id, code: `code ${id}`, parentId: id > 3 ? random.int(1, id - 1) : null, ...data },
    })
    for (let left = 0; left < id % 4; left++) {
      const part = Object.fromEntries(types.required.map((column) => [column.name, valueOf(column, false)]))
      await client.part.create({ data: { left, right: id, thingId: id, ...part } })
    }
  }
}
