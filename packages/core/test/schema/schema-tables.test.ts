import { tablesFromEmpty } from '../../../../scripts/schema-engine.ts'
import { forSeeds } from '../../../../test/support/random.ts'
import {
  parseSchema,
  type Index,
  type IndexField,
  type Model,
  type Relation,
  type SchemaModel,
} from '../../src/index.ts'
import { randomSchema } from '../support/random-schema.ts'

test('keys, indexes, join tables and foreign keys are those that Prisma creates', async () => {
  await forSeeds(60, async (random) => {
    const text = randomSchema(random)
    const sql = await tablesFromEmpty('postgresql', text)
    const schema = parseSchema(text, 'inline')
    expect(foreignKeys(schema)).toEqual(foreignKeysIn(sql))
    expect(primaryKeys(schema)).toEqual(primaryKeysIn(sql))
    expect(indexes(schema, namesIn(sql))).toEqual(indexesIn(sql))
  })
})

test('relationMode = "prisma" keeps the defaults, without foreign keys', async () => {
  const text = `datasource db {
  provider     = "sqlite"
  relationMode = "prisma"
}
model A {
  id Int @id
  bs B[]
}
model B {
  id  Int  @id
  aId Int?
  a   A?   @relation(fields: [aId], references: [id])
}
`
  const schema = parseSchema(text, 'inline')
  expect(schema).toMatchObject({ relationMode: 'prisma', provider: 'sqlite' })
  expect(schema.models.get('A')?.relations[0]).toMatchObject({ onDelete: 'SetNull', onUpdate: 'Cascade' })
  expect(await tablesFromEmpty('sqlite', text)).not.toContain('REFERENCES')
})

const ACTION_SQL = {
  Cascade: 'CASCADE',
  Restrict: 'RESTRICT',
  NoAction: 'NO ACTION',
  SetNull: 'SET NULL',
  SetDefault: 'SET DEFAULT',
}

function foreignKeys(schema: SchemaModel): string[] {
  const keys: string[] = []
  for (const model of schema.models.values()) {
    for (const relation of model.relations) {
      const target = schema.models.get(relation.target) as Model
      if (relation.manyToMany !== null) {
        const { table, columns } = relation.manyToMany
        const id = columnNames(model, model.id?.fields ?? [])
        keys.push(`${table} ("${columns.here}") ${model.table}(${id}) ${actions(relation)}`)
      } else if (relation.fields.length > 0) {
        const references = columnNames(target, relation.references)
        keys.push(
          `${model.table} (${columnNames(model, relation.fields)}) ${target.table}(${references}) ${actions(relation)}`,
        )
      }
    }
  }
  return keys.sort()
}

function actions({ onDelete, onUpdate }: Relation): string {
  return `ON DELETE ${ACTION_SQL[onDelete]} ON UPDATE ${ACTION_SQL[onUpdate]}`
}

function foreignKeysIn(sql: string): string[] {
  const pattern =
    /ALTER TABLE "(.*)" ADD CONSTRAINT ".*" FOREIGN KEY \((.*)\) REFERENCES "(.*)"\((.*)\) (ON .*);/g
  return [...sql.matchAll(pattern)]
    .map((match) => `${match[1]} (${match[2]}) ${match[3]}(${match[4]}) ${match[5]}`)
    .sort()
}

function primaryKeys(schema: SchemaModel): string[] {
  return [...schema.models.values()]
    .flatMap((model) =>
      model.id === null ? [] : [`${model.table} (${columnNames(model, model.id.fields)})`],
    )
    .sort()
}

function primaryKeysIn(sql: string): string[] {
  return [...sql.matchAll(/CREATE TABLE "(.*)" \([^;]*?CONSTRAINT ".*" PRIMARY KEY \((.*)\)\n\);/g)]
    .map((match) => `${match[1]} (${(match[2] ?? '').replaceAll(',', ', ')})`)
    .filter((key) => !/^_.* \("A", "B"\)$/.test(key))
    .map((key) => key.replaceAll(/,\s+/g, ', '))
    .sort()
}

function indexes(schema: SchemaModel, names: ReadonlySet<string>): string[] {
  const lines: string[] = []
  for (const model of schema.models.values()) {
    for (const key of model.uniques) {
      if (key.dbName !== null) expect(names).toContain(key.dbName)
      lines.push(`UNIQUE ${model.table} (${columns(model, key.columns)})`)
    }
    for (const index of model.indexes) {
      if (index.dbName !== null) expect(names).toContain(index.dbName)
      lines.push(
        `${index.isUnique ? 'UNIQUE ' : ''}${model.table}${index.type === 'BTree' ? '' : ` USING ${index.type.toUpperCase()}`} (${columns(model, index.fields)})${where(model, index)}`,
      )
    }
  }
  return lines.sort()
}

function where(model: Model, { predicate }: Index): string {
  if (predicate === null) return ''
  if (predicate.kind === 'raw') return ` WHERE (${predicate.sql})`
  const conditions = predicate.conditions.map(
    ({ field, not, value }) =>
      `"${model.fields.get(field)?.column}" IS${not ? ' NOT' : ''} ${String(value).toUpperCase()}`,
  )
  return ` WHERE (${conditions.join(' AND ')})`
}

function columns(model: Model, fields: readonly IndexField[]): string {
  return fields
    .map(({ name, sort, ops }) => {
      const operator = ops === null ? '' : ` ${ops.raw ? ops.name : 'jsonb_path_ops'}`
      return `"${model.fields.get(name)?.column}"${operator}${sort === 'desc' ? ' DESC' : ''}`
    })
    .join(', ')
}

function indexesIn(sql: string): string[] {
  return [...sql.matchAll(/CREATE (UNIQUE )?INDEX "(.*?)" ON "(.*?)"( USING \w+)? ?\((.*?)\)( WHERE .*)?;/g)]
    .filter((match) => !/^_.*_B_index$/.test(match[2] ?? ''))
    .map(
      (match) =>
        `${match[1] ?? ''}${match[3]}${match[4] ?? ''} (${match[5]?.replaceAll(' ASC', '')})${match[6] ?? ''}`,
    )
    .sort()
}

function namesIn(sql: string): Set<string> {
  return new Set(
    [...sql.matchAll(/INDEX "(.*?)"|CONSTRAINT "(.*?)"/g)].map((match) => match[1] ?? match[2] ?? ''),
  )
}

function columnNames(model: Model, fields: readonly string[]): string {
  return fields.map((field) => `"${model.fields.get(field)?.column}"`).join(', ')
}
