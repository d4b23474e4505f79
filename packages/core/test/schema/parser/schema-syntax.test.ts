import { readFileSync } from 'node:fs'
import { datamodelOf } from '../../support/datamodel.ts'
import { PARSER, parserText } from '../../../grammar/generate.ts'
import { parseSchema, SchemaSyntaxError } from '../../../src/index.ts'

test('the parser is the one that Lezer makes of the grammar', () => {
  expect(readFileSync(PARSER, 'utf8')).toBe(parserText())
})

const VALID: Record<string, string> = {
  'comment after a brace': 'model A { // x\n id Int @id\n}\n',
  'blanks after a brace': 'model A {  \t\n id Int @id\n}\n',
  'brace without a blank': 'model A{\n id Int @id\n}\n',
  'block comments': '/* model B {\n id Int } */\nmodel A {\n id Int @id\n /* hi */\n b Int /* x\n y */\n}\n',
  'names in other alphabets': 'model Größe {\n id Int @id\n größe Int\n 中文 Int\n}\n',
  'keywords as names':
    'model model {\n id Int @id\n model Int\n enum Int\n type Int\n datasource Int\n true Int\n null Int\n}\n',
  'blanks around arguments':
    'model A {\n id Int @id @default (1)\n b Decimal @db.Decimal( 10 , 2 )\n c Int ?\n d Int []\n}\n',
  'partial indexes':
    'model A {\n id Int @id\n b Int? @unique(where: raw("b > \\"x\\" // c"))\n c Boolean\n s String\n @@index([b], where: { b: { not: null }, c: true, s: "x" })\n @@unique([s], where: { b: 5 })\n}\n',
  escapes: 'model A {\n id Int @id\n b String @default("a\\"b\\\\n\\u00e9\\t\\/")\n}\n',
  CRLF: 'model A {\r\n\tid Int @id\r\n\tb String\r\n}\r\n',
  'CR alone': 'model A {\r id Int @id\r}\r',
  'no-break space': 'model A {\n id\u00a0Int @id\n}\n',
  'no line break at the end': 'model A {\n id Int @id\n}',
  'blocks on one line': 'model A {\n id Int @id\n}model B {\n id Int @id\n}\n',
  'operator classes':
    'model A {\n id Int @id\n b String\n j Json\n @@index([b(ops: raw("text_pattern_ops"), sort: Desc)])\n @@index([j(ops: JsonbPathOps)], type: Gin)\n}\n',
  'lists as defaults':
    'model A {\n id Int @id\n b String[] @default(["a", "b]"])\n c Int[] @default([])\n}\n',
  'unsupported types':
    'model A {\n id Int @id\n p Unsupported("polygon")?\n q Unsupported("circle[]")[]\n r Unsupported("x") @default(dbgenerated("foo()"))\n}\n',
  'views and enums':
    'view V {\n n Int @unique\n e E\n}\nenum E {\n /// x\n A @map("a-b") // c\n\n B\n @@map("e e")\n}\n',
  'ignored fields and models': 'model A {\n id Int @id\n b Int @ignore\n}\nmodel B {\n c Int\n @@ignore\n}\n',
  'numbers and functions in settings':
    'generator x {\n provider = "x"\n foo = { a: 1 }\n y = 1.5\n q = fn(1)\n r = a.b\n}\nmodel A {\n id Int @id\n}\n',
  extensions: 'model A {\n id Int @id @default(autoincrement())\n u String @default(uuid(7)) @db.Uuid\n}\n',
}

const HEAD = `datasource db {
  provider   = "postgresql"
}
generator client {
  provider        = "prisma-client"
  previewFeatures = ["partialIndexes", "views"]
}
`

test.each(Object.entries(VALID))('%s can be read, as Prisma can', async (_, body) => {
  const { datamodel } = await datamodelOf(HEAD + body)
  const models = [...parseSchema(HEAD + body, 'inline').models.values()].filter((model) => !model.isIgnored)
  const fields = models.map((model) => [
    model.name,
    [...model.fields.values()]
      .filter((field) => !field.isIgnored && field.kind !== 'unsupported')
      .map((field) => field.name),
  ])
  expect(Object.fromEntries(fields)).toEqual(
    Object.fromEntries(
      datamodel.models.map((model) => [model.name, model.fields.map((field) => field.name)]),
    ),
  )
})

const INVALID: readonly (readonly [text: string, line: number])[] = [
  ['model A {\n id Int @id(\n}\n', 2],
  ['model A {\n id Int @id\n}\nmodl', 4],
  ['model A {\n id Int $\n}\n', 2],
  ['model A {\r\n\r\n b Int @default(1 2)\r\n}\r\n', 3],
  ['model A {\n s String @default("x)\n}\n', 2],
  ['nonsense', 1],
]

test.each(INVALID)('%j is refused, naming the line', async (text, line) => {
  await expect(datamodelOf(HEAD + text)).rejects.toThrow()
  let error: unknown
  try {
    parseSchema(text, 'option')
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(SchemaSyntaxError)
  expect(error).toMatchObject({ code: 'E_SCHEMA_SYNTAX', line })
})

test('an unfinished block is refused', () => {
  expect(() => parseSchema('model A {', 'option')).toThrow(SchemaSyntaxError)
})
