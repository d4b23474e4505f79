import type { Candidate } from '../../src/candidate/candidate.ts'
import { plainKeys } from '../../src/candidate/candidate.ts'
import { IndexNames } from '../../src/candidate/index-statement.ts'
import type { Catalog, CatalogTable, Provider } from '../../src/catalog/catalog.ts'
import { playOnPaper } from '../../src/history/migration-indexes.ts'
import { dropsOf } from '../../src/migration/index-drop.ts'
import { adviceOn } from '../support/small-project.ts'

/** Every statement that the advisor writes is read back by it, and so are the ways in which others write the same. */

const column = (name: string, type = 'Int') => ({
  name,
  field: name,
  type,
  isEnum: false,
  enumValues: null,
  isList: false,
  isNullable: true,
  nativeType: null,
  isSupported: true,
  statistics: null,
})

const table = (schema: string | null = null): CatalogTable => ({
  name: 'blog posts',
  schema,
  model: 'Post',
  columns: [column('a'), column('b c'), column('t', 'String'), column('j', 'Json')],
  indexes: [],
  foreignKeys: [],
  rows: null,
  source: { kind: 'database' },
})

const catalogOf = (provider: Provider, tables: readonly CatalogTable[]): Catalog => ({
  provider,
  relationMode: 'foreignKeys',
  previewFeatures: [],
  collation: null,
  tables,
  omitted: [],
  warnings: [],
})

const candidate = (of: CatalogTable, change: Partial<Candidate>): Candidate => ({
  table: of,
  keys: plainKeys(['a']),
  freeKeys: 0,
  predicate: null,
  prismaWhere: null,
  type: 'BTree',
  rule: 'query-index',
  severity: 'medium',
  reason: '',
  evidence: [],
  replaces: [],
  isFirstChoice: true,
  ...change,
})

const [a, b] = plainKeys(['a', 'b c'])
const forms: readonly [string, Provider, Partial<Candidate>][] = [
  ['one column', 'postgresql', {}],
  ['two, one turned', 'postgresql', { keys: [a!, { ...b!, sort: 'desc' }] }],
  ['partial', 'postgresql', { predicate: `("t" = 'it''s (a) where')` }],
  [
    'GIN with a class',
    'postgresql',
    { type: 'Gin', keys: [{ ...plainKeys(['j'])[0]!, operatorClass: 'jsonb_path_ops' }] },
  ],
  ['one column', 'mysql', {}],
  ['two, one turned', 'mysql', { keys: [a!, { ...b!, sort: 'desc' }] }],
  ['a length', 'mysql', { keys: [{ ...plainKeys(['t'])[0]!, length: 191 }] }],
  ['one column', 'sqlite', {}],
  ['two, one turned', 'sqlite', { keys: [a!, { ...b!, sort: 'desc' }] }],
  ['partial', 'sqlite', { predicate: `"t" IS NULL` }],
]

describe('KA-A4 what is written is read back', () => {
  test.each(forms)('KA-A4 %s, %s', async (_, provider, change) => {
    for (const schema of provider === 'postgresql' ? [null, 'shop'] : [null])
      for (const isPartitioned of provider === 'postgresql' ? [false, true] : [false]) {
        const given = { ...table(schema), isPartitioned }
        const wanted = candidate(given, change)
        const { name, sql } = new IndexNames(catalogOf(provider, [given])).statement(wanted)
        const { tables, warnings } = await playOnPaper(provider, 'm', [
          { name: '1', sql: `-- CreateIndex\n${sql}\n` },
        ])
        expect(warnings).toEqual([])
        expect(tables).toMatchObject([{ name: 'blog posts', schema }])
        const [index] = tables[0]!.indexes
        expect(index).toMatchObject({
          name,
          kind: 'index',
          keys: wanted.keys,
          predicate: wanted.predicate,
          type: wanted.type,
        })

        const made = { ...given, indexes: [index!] }
        const [drop] = dropsOf(catalogOf(provider, [made]), [
          { kind: 'redundant-index', model: 'Post', index: name, reason: '' },
          { kind: 'duplicate-index', model: 'Post', index: name, reason: '' },
        ])
        const after = await playOnPaper(provider, 'm', [
          { name: '1', sql },
          { name: '2', sql: `-- DropIndex\n${drop!.sql}\n` },
        ])
        expect([after.tables[0]?.indexes, after.warnings]).toEqual([[], []])
      }
  })
})

describe('KA-A4 MySQL’s ways to change an index', () => {
  const CREATE =
    "CREATE TABLE IF NOT EXISTS `db`.`T` (`id` INT NOT NULL, `a` INT, `b` VARCHAR(20) DEFAULT 'x, INDEX', UNIQUE INDEX `T_a_key`(`a`), KEY (`b`(10) DESC), PRIMARY KEY (`id`)) ENGINE=InnoDB;\n"
  const played = async (sql: string) => {
    const { tables, warnings } = await playOnPaper('mysql', 'm', [{ name: '1', sql: CREATE + sql }])
    return [
      tables.flatMap(({ name, indexes }) =>
        indexes.map(
          (index) =>
            `${name}.${index.name}(${index.keys.map((key) => `${key.column ?? key.expression}${key.length === null ? '' : `:${key.length}`}`).join()})`,
        ),
      ),
      warnings.map((each) => each.at),
    ]
  }
  const first = ['T.T_a_key(a)', 'T.b(b:10)', 'T.PRIMARY(id)']

  test.each<[string, string[]]>([
    ['', first],
    ['DROP INDEX `b` ON `T`;', ['T.T_a_key(a)', 'T.PRIMARY(id)']],
    ['DROP INDEX IF EXISTS b ON T ALGORITHM=INPLACE LOCK=NONE;', ['T.T_a_key(a)', 'T.PRIMARY(id)']],
    [
      'ALTER TABLE `T` DROP INDEX `b`, DROP KEY T_a_key, ADD COLUMN c INT, ALGORITHM=INPLACE, LOCK=NONE;',
      ['T.PRIMARY(id)'],
    ],
    [
      'ALTER TABLE `T` RENAME INDEX `b` TO `c`, ADD UNIQUE KEY `u` (`a`, `b`);',
      ['T.T_a_key(a)', 'T.c(b:10)', 'T.PRIMARY(id)', 'T.u(a,b)'],
    ],
    ['ALTER TABLE `T` CHANGE COLUMN `b` `d` TEXT;', ['T.T_a_key(a)', 'T.b(d:10)', 'T.PRIMARY(id)']],
    ['ALTER TABLE `T` RENAME COLUMN a TO e;', ['T.T_a_key(e)', 'T.b(b:10)', 'T.PRIMARY(id)']],
    [
      'ALTER TABLE `T` ADD INDEX `two` (`a`, `b`); ALTER TABLE `T` DROP COLUMN `a`;',
      ['T.b(b:10)', 'T.PRIMARY(id)', 'T.two(b)'],
    ],
    ['RENAME TABLE `T` TO `U`;', first.map((each) => each.replace('T.', 'U.'))],
    ['ALTER TABLE `T` RENAME TO `U`, DROP INDEX `b`;', ['U.T_a_key(a)', 'U.PRIMARY(id)']],
    [
      "CREATE INDEX `f` ON `T` ((lower(`b`)), `a`) COMMENT 'a (b)' INVISIBLE;",
      [...first, 'T.f(lower(`b`),a)'],
    ],
    ['CREATE OR REPLACE UNIQUE INDEX q ON T (a ASC) KEY_BLOCK_SIZE = 8;', [...first, 'T.q(a)']],
    [
      'ALTER TABLE `T` ADD CONSTRAINT `uq` UNIQUE (`b`), ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `O`(`id`);',
      [...first, 'T.uq(b)'],
    ],
    ['DROP TABLE IF EXISTS `T`, `O`;', []],
    [
      "SET @s = IF(1, 'CREATE INDEX `dyn` ON `T`(`a`)', 'SELECT 1'); PREPARE st FROM @s; EXECUTE st;",
      [...first, 'T.dyn(a)'],
    ],
  ])('KA-A4 %s', async (sql, expected) => {
    expect(await played(sql)).toEqual([expected, []])
  })

  test('KA-A4 what is not understood is said, with its place', async () => {
    expect(await played('\nCREATE INDEX broken ON;\n')).toEqual([first, ['m/1/migration.sql:3']])
    expect(await played("SET @s = CONCAT('CREATE INDEX ', @name, ' ON T(a)');")).toEqual([
      first,
      ['m/1/migration.sql:2'],
    ])
  })
})

describe('KA-B21 an index made in code', () => {
  const models = `
model User {
  id    Int @id
  posts Post[]
}
model Post {
  id       Int  @id
  author   User @relation(fields: [authorId], references: [id])
  authorId Int
}`
  const on = (sql: string) =>
    adviceOn({
      models,
      migrations: `CREATE TABLE "Post" ("id" INTEGER NOT NULL, "authorId" INTEGER NOT NULL);\n${sql}`,
    })

  test.each([
    `DO $$ BEGIN EXECUTE 'CREATE INDEX "Post_authorId_idx" ON "Post"("authorId")'; END $$;`,
    `DO $do$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'i') THEN CREATE INDEX i ON "Post"("authorId"); END IF; END $do$;`,
    `DO LANGUAGE plpgsql 'BEGIN CREATE INDEX i ON "Post"("authorId"); EXCEPTION WHEN duplicate_table THEN NULL; END';`,
    `DO $$ BEGIN EXECUTE $q$CREATE INDEX i ON "Post"("authorId")$q$; END $$;`,
  ])('KA-B21 %s', async (sql) => {
    const { ids, remarks } = await on(sql)
    expect([ids, remarks]).toEqual([[], [expect.stringMatching(/^undeclared-index (i|Post_authorId_idx)$/)]])
  })

  test.each([
    `DO $$ DECLARE t text; BEGIN FOR t IN SELECT 'Post' LOOP EXECUTE format('CREATE INDEX ON %I("authorId")', t); END LOOP; END $$;`,
    `DO $$ BEGIN EXECUTE 'CREATE INDEX i ON ' || quote_ident('Post') || '("authorId")'; END $$;`,
    `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE INDEX i ON "Post"("authorId"); END $$;`,
  ])('KA-B21 put together as it runs → said, with its place: %s', async (sql) => {
    const { ids, run } = await on(sql)
    expect(ids).toEqual(['Post(authorId)'])
    expect(run.advice.findings).toEqual([
      expect.objectContaining({
        kind: 'unread',
        at: 'prisma/migrations/20260101000000_m/migration.sql:2',
        reason: expect.stringContaining('in code that is run later') as unknown,
      }),
    ])
  })

  test('KA-B21 a DO block that makes none is passed over', async () => {
    const { remarks } = await on(`DO $$ BEGIN RAISE NOTICE 'no index here'; END $$;`)
    expect(remarks).toEqual([])
  })
})

describe('KA-B23 migrations that stand elsewhere', () => {
  const model = 'model Post {\n  id Int @id\n  title String\n}\n'
  const migration = {
    'prisma/postgresql-migrations/20260101000000_a/migration.sql': 'CREATE INDEX i ON "Post"("title");',
  }

  test('KA-B23 none where they are looked for, some beside → said, and --migrations reads them', async () => {
    const { run } = await adviceOn({ models: model, files: migration })
    expect(run.advice.findings).toEqual([
      expect.objectContaining({
        kind: 'unread',
        at: 'prisma/schema.prisma:1',
        reason:
          'There are no migrations at prisma/migrations, so indexes that only a migration makes are not known. There are some at prisma/postgresql-migrations: name theirs with --migrations.',
      }),
    ])
    const named = await adviceOn(
      { models: model, files: migration },
      { migrations: 'prisma/postgresql-migrations' },
    )
    expect(named.remarks).toEqual(['undeclared-index i'])
  })

  test('KA-B23 none anywhere (db push) → nothing is said; a directory that is not there → refused', async () => {
    expect((await adviceOn({ models: model })).remarks).toEqual([])
    await expect(adviceOn({ models: model }, { migrations: 'nowhere' })).rejects.toMatchObject({
      code: 'E_MIGRATIONS',
    })
  })
})
