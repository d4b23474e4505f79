import type { Catalog } from '../../src/catalog/catalog.ts'
import { type Statistics, UNCOUNTED } from '../../src/statistics/statistics.ts'
import { verifyIndexes } from '../../src/verify/verify-indexes.ts'

const catalog: Catalog = {
  provider: 'postgresql',
  relationMode: 'foreignKeys',
  previewFeatures: [],
  collation: null,
  omitted: [],
  warnings: [],
  tables: [
    {
      name: 'Event',
      schema: null,
      model: 'Event',
      columns: [],
      foreignKeys: [],
      rows: null,
      source: { kind: 'database' },
      indexes: [
        {
          name: 'Event_kind_idx',
          kind: 'index',
          keys: [{ column: 'kind', expression: null, sort: 'asc', length: null, operatorClass: null }],
          include: [],
          predicate: null,
          type: 'BTree',
          sources: [{ kind: 'database' }],
        },
      ],
    },
  ],
}

const index = (name: string) => ({
  name,
  method: 'btree',
  keys: ['kind'],
  predicate: null,
  isUnique: false,
  isConstraint: false,
  isValid: false,
  scans: 0,
  pages: 1,
  definition: `CREATE INDEX "${name}" ON ONLY public."Event" USING btree (kind)`,
})

const statisticsOf = (key: string | null) =>
  ({
    format: 'prisma-brisk/statistics',
    version: 1,
    provider: 'postgresql',
    defaultSchema: 'public',
    tables: [
      {
        schema: 'public',
        name: 'Event',
        partitioning: key === null ? null : { key, parent: null, bound: null },
        activity: UNCOUNTED,
        columns: [],
        indexes: [index('Event_kind_idx'), index('left_over')],
      },
    ],
  }) as unknown as Statistics

test.each([
  ['RANGE (at)', '', 'Not each partition has its part of the index'],
  [null, 'CONCURRENTLY ', 'A concurrent build failed'],
])('KA-A3 verify mends a table partitioned by %s with statements that a server runs', (key, how, remark) => {
  const { indexes } = verifyIndexes({ catalog, statistics: statisticsOf(key) })
  expect(indexes.map(({ name, state, commands }) => [name, state, commands])).toEqual([
    [
      'Event_kind_idx',
      'invalid',
      [
        `DROP INDEX ${how}"public"."Event_kind_idx";`,
        `CREATE INDEX ${how}"Event_kind_idx" ON public."Event" USING btree (kind);`,
      ],
    ],
    ['left_over', 'leftover', [`DROP INDEX ${how}"public"."left_over";`]],
  ])
  expect(indexes[0]?.remark).toContain(remark)
})
