import { forSeeds } from '../../../../../test/support/random.ts'
import {
  cascadeTargets,
  loadSchemaModel,
  parseSchema,
  readModels,
  writtenModels,
  type SchemaModel,
} from '../../../src/index.ts'
import { cutSchemaBlocks } from '../../../src/schema/parser/schema-blocks.ts'
import { openSchema } from '../../../src/schema/parser/schema-parser.ts'
import { randomSchema } from '../../support/random-schema.ts'
import { whole } from '../../support/whole-schema.ts'

const open = (text: string): SchemaModel =>
  openSchema(text, 'inline', (error) => {
    throw error
  })

test('a schema read model by model, in any order, is the schema read whole', async () => {
  await forSeeds(100, (random) => {
    const text = randomSchema(random)
    const complete = parseSchema(text, 'inline')
    const opened = open(text)
    for (const name of random.shuffle([...complete.models.keys()]))
      expect(opened.models.get(name)).toEqual(complete.models.get(name))
    expect(whole(opened)).toEqual(complete)
    expect(opened.models.size).toBe(complete.models.size)
    expect([...opened.models.keys()]).toEqual([...complete.models.keys()])
  })
})

test('each model is one object, however often it is asked for', () => {
  const opened = open('model A {\n id Int @id\n}\n')
  expect(opened.models.get('A')).toBe(opened.models.get('A'))
  expect(opened.models.get('B')).toBeUndefined()
  expect(opened.models.get('toString')).toBeUndefined()
})

test.each([
  [
    'braces in strings, comments and objects',
    'model A { // }\n a String @default("}{") /* } */\n @@index([a], where: { a: { not: null } })\n}/// {\nenum E {\n}',
    ['model A', 'enum E'],
  ],
  [
    'comments around heads',
    '/* model X { */ model A {\n}\n// model Y {\n/// }\nview V {\n}\n',
    ['model A', 'view V'],
  ],
  ['nothing', ' \r\n', []],
  ['nothing but a comment', '// a', []],
])('%s are cut at the right places', (_, text, heads) => {
  expect(cutSchemaBlocks(text)?.map(({ keyword, name }) => `${keyword} ${name}`)).toEqual(heads)
})

test.each([
  'model A {',
  'model A {\n}\n}',
  'x model A {\n}',
  'model A {\n}\nx',
  'model A // x\n B {\n}',
  '{\n}',
])('%j is not cut', (text) => {
  expect(cutSchemaBlocks(text)).toBeNull()
})

describe('a model that cannot be read', () => {
  const text = `datasource db {
  provider = "sqlite"
}
model A {
  id Int @id
  bs B[]
  cs C[]
}
model B {
  id  Int @id
  aId Int
  a   A   @relation(fields: [aId], references: [id])
  from the future
}
model C {
  id  Int @id
  aId Int
  a   A   @relation(fields: [aId], references: [id])
}
`
  const warnings: string[] = []
  const schema = loadSchemaModel({ inlineSchema: text, warn: (code) => warnings.push(code) }) as SchemaModel

  test('does not keep the others from being read, and is told when it is met', () => {
    expect(schema.models.get('C')?.relations[0]?.target).toBe('A')
    expect(warnings).toEqual([])
    expect(schema.models.get('B')).toBeUndefined()
    expect(schema.models.get('B')).toBeUndefined()
    expect(warnings).toEqual(['W_SCHEMA_SYNTAX'])
    expect([...schema.models.keys()]).toEqual(['A', 'B', 'C'])
    expect([...schema.models].map(([name]) => name)).toEqual(['A', 'C'])
  })

  test('may be read and written in any way', () => {
    expect(readModels(schema, 'A', 'findMany', { include: { cs: true } })).toEqual(new Set(['A', 'C']))
    expect(readModels(schema, 'A', 'findMany', { include: { bs: true } })).toBe('*')
    expect(readModels(schema, 'B', 'findMany', {})).toBe('*')
    expect(writtenModels(schema, 'A', 'update', { data: { bs: { connect: { id: 1 } } } })).toBe('*')
    expect(writtenModels(schema, 'C', 'update', { data: { aId: 1 } })).toEqual(new Set(['C']))
    expect(cascadeTargets(schema, 'A', 'delete')).toEqual(new Set(['A', 'B', 'C']))
  })
})
