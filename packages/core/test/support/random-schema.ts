import type { Random } from '../../../../test/support/random.ts'

/** A valid PostgreSQL schema with every construct the model has to know, and comments and layout to stumble over. */
export function randomSchema(random: Random): string {
  const writer = new SchemaWriter(random)
  return writer.text()
}

interface Draft {
  name: string
  lines: string[]
  attributes: string[]
  /** Fields that make the id, with their type. */
  id: [string, string][]
  /** Foreign keys that are unique, so that others can reference them. */
  keys: [string, string][][]
  relations: number
}

const ACTIONS = ['Cascade', 'Restrict', 'NoAction', 'SetNull', 'SetDefault']
const SCALARS: readonly (readonly [type: string, native: readonly string[], defaults: readonly string[]])[] =
  [
    [
      'String',
      ['VarChar(20)', 'Char(3)', 'Text', 'Citext'],
      ['"a"', '"q\\"u // o\\n"', 'uuid(7)', 'cuid(2)', 'nanoid(12)', 'dbgenerated("gen_x()")'],
    ],
    ['Int', ['SmallInt', 'Integer', 'Oid'], ['1', '-3', 'dbgenerated()']],
    ['BigInt', ['BigInt'], ['9007199254740993', '-1']],
    ['Float', ['Real', 'DoublePrecision'], ['1.5', '-0.25', '2']],
    ['Decimal', ['Decimal(10, 2)', 'Money'], ['1.50', '12345678901234567890.5']],
    ['Boolean', [], ['true', 'false']],
    [
      'DateTime',
      ['Timestamp(3)', 'Timestamptz(6)', 'Date', 'Time(0)'],
      ['now()', '"2020-01-01T00:00:00+00:00"'],
    ],
    ['Json', ['Json', 'JsonB'], ['"{\\"a\\": [1]}"']],
    ['Bytes', ['ByteA'], ['"aGVsbG8="']],
  ]

class SchemaWriter {
  private readonly random: Random
  private readonly drafts: Draft[] = []
  private readonly enums: string[]

  constructor(random: Random) {
    this.random = random
    this.enums = random.list(0, 2, (index) => `Enum${index}`)
  }

  text(): string {
    const { random } = this
    const count = random.int(2, 6)
    for (let index = 0; index < count; index++) this.drafts.push(this.model(index))
    random.list(0, count * 2, () => this.relation())
    const blocks = [
      'datasource db {\n  provider = "postgresql"\n}',
      'generator client {\n  provider        = "prisma-client"\n  previewFeatures = ["partialIndexes", "views"]\n}',
      ...this.enums.map((name, index) => this.enum(name, index)),
      ...this.drafts.map((draft) => this.print(draft)),
    ]
    const text = random
      .shuffle(blocks)
      .map((block) => `${this.comment('')}${block}\n`)
      .join('\n')
    return random.chance(0.2) ? text.replaceAll('\n', '\r\n') : text
  }

  private enum(name: string, index: number): string {
    const values = this.random.list(
      1,
      3,
      (value) => `V${value}${this.random.chance(0.3) ? ` @map("v ${value}")` : ''}`,
    )
    const map = this.random.chance(0.3) ? `\n  @@map("enum_${index}")` : ''
    return `enum ${name} {${this.tail()}\n${values.map((value) => `  ${value}${this.tail()}`).join('\n')}\n${map}\n}`
  }

  private model(index: number): Draft {
    const { random } = this
    const name = random.pick(['Model', 'M', 'Größe', 'model', 'B_']) + String(index)
    const draft: Draft = { name, lines: [], attributes: [], id: [], keys: [], relations: 0 }
    const kind = random.int(0, 3)
    if (kind === 0) {
      draft.id = [
        ['a', 'Int'],
        ['b', 'String'],
      ]
      draft.lines.push('a Int', `b String${this.column('b')}`)
      draft.attributes.push(
        `@@id([a, b]${this.name('pk')}${random.chance(0.2) ? `, map: "pk_${index}"` : ''})`,
      )
    } else {
      const type = kind === 1 ? 'String' : 'Int'
      draft.id = [['id', type]]
      const value =
        type === 'Int'
          ? random.pick(['', ' @default(autoincrement())'])
          : random.pick(['', ' @default(cuid())'])
      draft.lines.push(`id ${type} @id${value}${this.column('id')}`)
    }
    random.list(1, 6, (field) => this.scalar(draft, field))
    if (random.chance(0.3)) draft.attributes.push(`@@map("table ${index}")`)
    return draft
  }

  private scalar(draft: Draft, index: number): void {
    const { random } = this
    const name = random.pick(['f', 'größe', 'true', 'null', 'data', 'type_']) + String(index)
    if (random.chance(0.1)) {
      draft.lines.push(`${name} Unsupported("circle")?`)
      return
    }
    if (this.enums.length > 0 && random.chance(0.2)) {
      const list = random.chance(0.2)
      const type = random.pick(this.enums)
      draft.lines.push(
        `${name} ${type}${list ? '[]' : random.pick(['', '?'])}${!list && random.chance(0.4) ? ' @default(V0)' : ''}`,
      )
      return
    }
    const [type, natives, defaults] = random.pick(SCALARS)
    const native = random.chance(0.3) && natives.length > 0 ? ` @db.${random.pick(natives)}` : ''
    const shape = random.pick(['', '', '?', '[]'])
    if (shape === '[]') {
      const value =
        type === 'Int' && random.chance(0.5)
          ? ' @default([1, -2])'
          : type === 'String' && random.chance(0.5)
            ? ' @default(["a", "b,]"])'
            : ''
      draft.lines.push(`${name} ${type}[]${native}${value}${this.column(name)}`)
      return
    }
    const isLoose = native === '' || type === 'Boolean'
    const value = isLoose && random.chance(0.4) ? ` @default(${random.pick(defaults)})` : ''
    const updated = type === 'DateTime' && value === '' && random.chance(0.3) ? ' @updatedAt' : ''
    const indexable = type !== 'Json'
    const unique = indexable && random.chance(0.2) ? this.unique(name) : ''
    draft.lines.push(`${name} ${type}${shape}${native}${value}${updated}${unique}${this.column(name)}`)
    if (!indexable) {
      if (random.chance(0.3)) draft.attributes.push(`@@index([${name}(ops: JsonbPathOps)], type: Gin)`)
      if (native !== '')
        draft.attributes = draft.attributes.filter((attribute) => !attribute.includes('JsonbPathOps'))
      return
    }
    if (random.chance(0.3)) draft.attributes.push(this.index(name, type, draft))
    if (random.chance(0.2)) {
      const other = draft.id[0]?.[0] ?? ''
      draft.attributes.push(
        `@@unique([${name}(sort: ${random.pick(['Asc', 'Desc'])}), ${other}]${this.name(`u${index}`)}${this.where(name)})`,
      )
    }
    if (unique === '' && random.chance(0.1))
      draft.attributes.push(`@@unique(fields: [${name}], map: "${this.fresh('uq')}")`)
  }

  private unique(field: string): string {
    return this.random.pick([
      ' @unique',
      ` @unique(map: "${this.fresh('un')}")`,
      ' @unique(sort: Desc)',
      ` @unique(where: raw("${field} > 1"))`,
    ])
  }

  private index(field: string, type: string, draft: Draft): string {
    const { random } = this
    const columns = random.shuffle([
      `${field}${random.pick(['', '(sort: Desc)'])}`,
      ...draft.id.map(([name]) => name),
    ])
    const ops =
      type === 'String' && random.chance(0.3)
        ? `@@index([${field}(ops: raw("text_pattern_ops"))]${this.where(field)})`
        : ''
    return (
      ops ||
      `@@index([${columns.join(', ')}]${random.pick(['', `, map: "${this.fresh('ix')}"`, ', type: BTree'])}${this.where(field)})`
    )
  }

  private where(field: string): string {
    return this.random.pick([
      '',
      '',
      '',
      `, where: raw("${field} IS NULL // \\"x\\"")`,
      `, where: { ${field}: { not: null } }`,
      `, where: { ${field}: null }`,
    ])
  }

  private relation(): void {
    const { random } = this
    const from = random.pick(this.drafts)
    const to = random.pick(this.drafts)
    const number = this.drafts.reduce((sum, draft) => sum + draft.relations, 0)
    from.relations++
    const isSelf = from === to
    const named = isSelf || random.chance(0.4) || this.related(from, to)
    const name = `Rel${number}`
    const there = `to${number}`
    const back = `of${number}`
    if (random.chance(0.25) && from.id.length === 1 && to.id.length === 1) {
      from.lines.push(`${there} ${to.name}[]${named ? ` @relation("${name}")` : ''}`)
      to.lines.push(`${back} ${from.name}[]${named ? ` @relation(name: "${name}")` : ''}`)
      this.pairs.add(this.pair(from, to))
      return
    }
    const isOptional = random.chance(0.5)
    const isOne = random.chance(0.4)
    const key = random.pick([to.id, ...to.keys])
    // One of several columns is enough for a foreign key to be required.
    const isMixed = isOptional && key.length > 1 && random.chance(0.5)
    const fields = key.map(([field, type], index) => {
      const column = `${there}_${field}`
      const optional = isOptional && !(isMixed && index === 0)
      from.lines.push(`${column} ${type}${optional ? '?' : ''}${this.column(column)}`)
      return column
    })
    if (isOne) {
      from.attributes.push(`@@unique([${fields.join(', ')}])`)
      if (!isOptional) from.keys.push(fields.map((field, index) => [field, key[index]?.[1] ?? '']))
    }
    const actions = isOptional && !isMixed ? ACTIONS : ACTIONS.slice(0, 3)
    const parts = random.shuffle([
      `fields: [${fields.join(', ')}]`,
      `references: [${key.map(([field]) => field).join(', ')}]`,
      ...(random.chance(0.5) ? [`onDelete: ${random.pick(actions)}`] : []),
      ...(random.chance(0.4) ? [`onUpdate: ${random.pick(actions)}`] : []),
    ])
    const label = named ? (random.chance(0.5) ? [`"${name}"`] : []) : []
    const trailing = named && label.length === 0 ? [`name: "${name}"`] : []
    from.lines.push(
      `${there} ${to.name}${isOptional ? '?' : ''} @relation(${[...label, ...parts, ...trailing].join(', ')})`,
    )
    to.lines.push(`${back} ${from.name}${isOne ? '?' : '[]'}${named ? ` @relation("${name}")` : ''}`)
    if (!named) this.pairs.add(this.pair(from, to))
  }

  private readonly pairs = new Set<string>()

  private related(from: Draft, to: Draft): boolean {
    return this.pairs.has(this.pair(from, to))
  }

  private pair(from: Draft, to: Draft): string {
    return [from.name, to.name].sort().join(' ')
  }

  private column(name: string): string {
    return this.random.chance(0.2) ? ` @map("col ${name}")` : ''
  }

  private names = 0

  private fresh(prefix: string): string {
    return `${prefix} ${this.names++}`
  }

  private name(name: string): string {
    return this.random.chance(0.3) ? `, name: "${name}"` : ''
  }

  private print(draft: Draft): string {
    const indent = this.random.pick(['  ', '\t', '    '])
    const lines = draft.lines.map(
      (line) =>
        `${this.comment(indent)}${indent}${line.replaceAll(' ', this.random.pick([' ', '  ']))}${this.tail()}`,
    )
    const attributes = [...new Set(draft.attributes)].map((line) => `${indent}${line}${this.tail()}`)
    return `model ${draft.name} {${this.tail()}\n${lines.join('\n')}\n\n${attributes.join('\n')}\n}`
  }

  private comment(indent: string): string {
    return this.random.pick([
      '',
      '',
      '',
      `${indent}// model X {\n`,
      `${indent}/// @id "\n`,
      `${indent}/* }\n { */\n`,
    ])
  }

  private tail(): string {
    return this.random.pick(['', '', '', ' ', ' // @id }', ' /// doc "'])
  }
}
