import internals from '@prisma/internals'

const { getDMMF } = internals

type Dmmf = Awaited<ReturnType<typeof getDMMF>>
type Model = Dmmf['datamodel']['models'][number]
type Field = Model['fields'][number]
type Enum = Dmmf['datamodel']['enums'][number]

/**
 * The SQL that makes an empty MySQL or MariaDB database into the schema's. Prisma's engine in WASM does not
 * know MySQL, so this writes what `prisma migrate diff` writes there for the things our schemas use.
 */
export async function mysqlTables(schema: string): Promise<string> {
  const { datamodel } = await getDMMF({ datamodel: schema })
  const tables = datamodel.models.map((model) => createTable(model, datamodel.enums))
  const joins = implicitJoinTables(datamodel.models)
  const foreignKeys = datamodel.models.flatMap((model) => foreignKeysOf(model, datamodel.models))
  return [...tables, ...joins.tables, ...foreignKeys, ...joins.foreignKeys].join('\n\n') + '\n'
}

function createTable(model: Model, enums: readonly Enum[]): string {
  const columns = model.fields.filter((field) => field.kind !== 'object')
  const id = model.primaryKey?.fields ?? columns.filter((field) => field.isId).map((field) => field.name)
  const uniques = [
    ...columns.filter((field) => field.isUnique).map((field) => [field.name]),
    ...model.uniqueFields.map((fields) => [...fields]),
  ]
  const lines = [
    ...columns.map(
      (field) =>
        `${quote(column(field))} ${columnType(field, enums)}${nullability(field)}${defaultOf(field, enums)}`,
    ),
    ...uniques.map(
      (fields) => `UNIQUE INDEX ${quote(keyName(model, fields, 'key'))}(${columnList(model, fields)})`,
    ),
    `PRIMARY KEY (${columnList(model, id)})`,
  ]
  return `CREATE TABLE ${quote(table(model))} (\n    ${lines.join(',\n    ')}\n) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`
}

const TYPES: Record<string, string> = {
  String: 'VARCHAR(191)',
  Boolean: 'BOOLEAN',
  Int: 'INTEGER',
  BigInt: 'BIGINT',
  Float: 'DOUBLE',
  Decimal: 'DECIMAL(65, 30)',
  DateTime: 'DATETIME(3)',
  Json: 'JSON',
  Bytes: 'LONGBLOB',
}

function columnType(field: Field, enums: readonly Enum[]): string {
  if (field.kind === 'enum') {
    const values = enums.find(({ name }) => name === field.type)?.values ?? []
    return `ENUM(${values.map(({ name, dbName }) => `'${dbName ?? name}'`).join(', ')})`
  }
  if (field.nativeType) {
    const [name, parameters] = field.nativeType
    const type = name.replace(/^Unsigned(.*)$/, '$1 UNSIGNED').toUpperCase()
    return parameters.length > 0 ? `${type}(${parameters.join(', ')})` : type
  }
  const type = TYPES[field.type]
  if (!type) throw new Error(`No MySQL type is known for ${field.type} of field ${field.name}`)
  return type
}

function nullability(field: Field): string {
  return field.isRequired ? ' NOT NULL' : ' NULL'
}

function defaultOf(field: Field, enums: readonly Enum[]): string {
  const value = field.default
  if (value === undefined) return ''
  if (typeof value === 'object' && 'name' in value) {
    if (value.name === 'autoincrement') return ' AUTO_INCREMENT'
    if (value.name === 'now') return ' DEFAULT CURRENT_TIMESTAMP(3)'
    if (value.name === 'dbgenerated') return ` DEFAULT ${String(value.args[0])}`
    return '' // uuid() and the like are made by the client
  }
  if (field.kind === 'enum') {
    const named = enums.find(({ name }) => name === field.type)?.values.find(({ name }) => name === value)
    return ` DEFAULT '${named?.dbName ?? String(value)}'`
  }
  return ` DEFAULT ${typeof value === 'string' ? `'${value}'` : String(value)}`
}

function foreignKeysOf(model: Model, models: readonly Model[]): string[] {
  return model.fields.flatMap((field) => {
    const from = field.relationFromFields ?? []
    const target = models.find(({ name }) => name === field.type)
    if (from.length === 0 || !target) return []
    const onDelete = field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull')
    const onUpdate = field.relationOnUpdate ?? 'Cascade'
    return [
      `ALTER TABLE ${quote(table(model))} ADD CONSTRAINT ${quote(keyName(model, from, 'fkey'))} ` +
        `FOREIGN KEY (${columnList(model, from)}) REFERENCES ${quote(table(target))}(${columnList(target, field.relationToFields ?? [])}) ` +
        `ON DELETE ${action(onDelete)} ON UPDATE ${action(onUpdate)};`,
    ]
  })
}

/** `_AToB` with columns A and B, in the order of the two models' names. */
function implicitJoinTables(models: readonly Model[]): { tables: string[]; foreignKeys: string[] } {
  const tables: string[] = []
  const foreignKeys: string[] = []
  for (const model of models) {
    for (const field of model.fields) {
      const other = models.find(({ name }) => name === field.type)
      if (!other || !field.isList || model.name > other.name) continue
      const back = other.fields.find(
        ({ relationName, name }) =>
          relationName === field.relationName && (other !== model || name > field.name),
      )
      if (!back?.isList) continue
      const name = `_${field.relationName}`
      const idOf = (side: Model): Field => side.fields.find(({ isId }) => isId)!
      tables.push(
        `CREATE TABLE ${quote(name)} (\n    \`A\` ${columnType(idOf(model), [])} NOT NULL,\n    \`B\` ${columnType(idOf(other), [])} NOT NULL,\n\n` +
          `    UNIQUE INDEX ${quote(`${name}_AB_unique`)}(\`A\`, \`B\`),\n    INDEX ${quote(`${name}_B_index`)}(\`B\`)\n) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`,
      )
      for (const [side, target] of [
        ['A', model],
        ['B', other],
      ] as const)
        foreignKeys.push(
          `ALTER TABLE ${quote(name)} ADD CONSTRAINT ${quote(`${name}_${side}_fkey`)} FOREIGN KEY (\`${side}\`) ` +
            `REFERENCES ${quote(table(target))}(${quote(column(idOf(target)))}) ON DELETE CASCADE ON UPDATE CASCADE;`,
        )
    }
  }
  return { tables, foreignKeys }
}

function table(model: Model): string {
  return model.dbName ?? model.name
}

function column(field: Field): string {
  return field.dbName ?? field.name
}

function columnList(model: Model, fields: readonly string[]): string {
  return fields.map((name) => quote(column(model.fields.find((field) => field.name === name)!))).join(', ')
}

function keyName(model: Model, fields: readonly string[], suffix: string): string {
  const columns = fields.map((name) => column(model.fields.find((field) => field.name === name)!))
  return `${table(model)}_${columns.join('_')}_${suffix}`
}

function action(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase()
}

function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``
}
