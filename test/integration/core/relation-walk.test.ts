import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSchema, readModels, writtenModels, type Model, type Relation } from '@prisma-brisk/core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'

type Args = Record<string, unknown>
type Delegates = Record<string, Record<string, (args: Args) => Promise<unknown>>>

const schema = parseSchema(
  readFileSync(join(import.meta.dirname, '../../../prisma/schema.prisma'), 'utf8'),
  'inline',
)
let database: TestDatabase<PrismaClient>

beforeAll(async () => {
  database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
})
afterAll(() => database.drop())

test('no read touches a table whose model is not among those it is said to read', async () => {
  const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
  const delegates = client as unknown as Delegates
  const seen = new Set<string>()
  await forSeeds(150, async (random) => {
    const model = random.pick([...schema.models.values()])
    const operation = random.pick(['findMany', 'findFirst', 'count', 'findMany'])
    const args = query(random, model, operation === 'count' ? 0 : 2, operation !== 'count')
    if (operation === 'findFirst') args['take'] = 1
    log.clear()
    await delegates[delegate(model.name)]?.[operation]?.(args)
    const read = readModels(schema, model.name, operation, args)
    if (read === '*') throw new Error('the arguments were not understood')
    for (const name of tablesIn(log.sql())) {
      seen.add(name)
      expect([...read]).toContain(name)
    }
  })
  expect(seen.size).toBeGreaterThan(15)
})

const WRITES: readonly (readonly [says: string, model: string, operation: string, args: Args])[] = [
  ['a column', 'User', 'update', { where: { id: 1 }, data: { name: 'x' } }],
  ['a key that others reference', 'Workshop', 'update', { where: { id: 1 }, data: { id: 9001 } }],
  ['a key two foreign keys away', 'ClassSession', 'update', { where: { id: 1 }, data: { id: 9001 } }],
  ['many rows', 'Message', 'updateMany', { where: { tokens: { gt: 0 } }, data: { tokens: 1 } }],
  ['a deletion that cascades', 'Workshop', 'delete', { where: { id: 1 } }],
  ['a deletion that cascades and nulls', 'User', 'delete', { where: { id: 1 } }],
  ['many deletions', 'BehaviorPattern', 'deleteMany', {}],
  ['a deletion that leaves join tables', 'Conversation', 'deleteMany', {}],
  [
    'a nested list',
    'User',
    'update',
    { where: { id: 1 }, data: { messages: { set: [] }, students: { connect: [{ id: 3 }] } } },
  ],
  [
    'a nested creation',
    'User',
    'update',
    {
      where: { id: 1 },
      data: { conversations: { create: { title: 'x', tags: { create: { name: 'new' } } } } },
    },
  ],
  [
    'a creation with a parent',
    'Message',
    'create',
    {
      data: {
        role: 'USER',
        body: 'x',
        author: { connect: { id: 1 } },
        conversation: { create: { title: 'x', user: { connect: { id: 2 } } } },
      },
    },
  ],
  [
    'connectOrCreate',
    'Exercise',
    'create',
    {
      data: {
        slug: 'new',
        title: 'x',
        subject: 'x',
        difficulty: 1,
        content: {},
        tags: { connectOrCreate: { where: { name: 'new' }, create: { name: 'new' } } },
      },
    },
  ],
  [
    'three levels',
    'Workshop',
    'update',
    {
      where: { id: 1 },
      data: {
        owner: {
          update: {
            profile: {
              upsert: { create: { displayName: 'x', preferences: {} }, update: { displayName: 'y' } },
            },
            exercises: { deleteMany: {} },
          },
        },
      },
    },
  ],
  [
    'nested updateMany and deleteMany',
    'Workshop',
    'update',
    {
      where: { id: 1 },
      data: { annotations: { updateMany: { where: {}, data: { rating: 1 } } }, traces: { deleteMany: {} } },
    },
  ],
  [
    'a nested deletion that cascades',
    'User',
    'update',
    { where: { id: 1 }, data: { classes: { deleteMany: {} } } },
  ],
  [
    'both sides of a join table',
    'Tag',
    'update',
    { where: { id: 1 }, data: { conversations: { set: [] }, exercises: { set: [] } } },
  ],
  [
    'an upsert',
    'Profile',
    'upsert',
    {
      where: { userId: 1 },
      create: { displayName: 'x', preferences: {}, user: { connect: { id: 1 } } },
      update: { displayName: 'z', user: { update: { name: 'z' } } },
    },
  ],
  ['createMany', 'Tag', 'createMany', { data: [{ name: 'a1' }, { name: 'a2' }] }],
]

describe('no table changes whose model is not among those said to be written:', () => {
  test.each(WRITES)('%s', async (_, model, operation, args) => {
    const client = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    const changed = await changedBy(client, (delegates) => delegates[delegate(model)]?.[operation]?.(args))
    const written = writtenModels(schema, model, operation, args)
    expect(written).not.toBe('*')
    expect(changed.length).toBeGreaterThan(0)
    for (const table of changed) {
      // Of a join table one end is enough: whoever reads the relation reads both.
      expect(modelsOf(table).filter((name) => written !== '*' && written.has(name))).not.toEqual([])
    }
  })
})

test('a join table holds this side’s id in the column that the model names', async () => {
  const relation = schema.models.get('Exercise')?.relations.find(({ field }) => field === 'tags') as Relation
  const client = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  const exercise = await client.exercise.create({
    data: {
      slug: 'side',
      title: 'x',
      subject: 'x',
      difficulty: 1,
      content: {},
      tags: { create: { name: 'side' } },
    },
    include: { tags: true },
  })
  const { table, columns } = relation.manyToMany as NonNullable<Relation['manyToMany']>
  const rows = await client.$queryRawUnsafe(
    `SELECT "${columns.here}" AS here, "${columns.there}" AS there FROM "${table}" WHERE "${columns.here}" = $1`,
    exercise.id,
  )
  expect(rows).toEqual([{ here: exercise.id, there: exercise.tags[0]?.id }])
})

/** Valid arguments of a read, with relations wherever they can stand. */
function query(random: Random, model: Model, depth: number, selects: boolean): Args {
  const args: Args = {}
  if (random.chance(0.6)) args['where'] = where(random, model, 2)
  if (random.chance(0.4) && selects) args['orderBy'] = orderBy(random, model, 1)
  if (selects && random.chance(0.8)) {
    const clause = random.pick(['select', 'include'])
    const fields: Args = {}
    if (depth > 0) {
      for (const relation of random.sample(model.relations, random.int(1, 2)))
        fields[relation.field] = random.chance(0.3) || nested(random, relation, depth - 1)
    }
    const lists = model.relations.filter(({ isList }) => isList)
    if (lists.length > 0 && random.chance(0.4))
      fields['_count'] = random.chance(0.5) || { select: { [random.pick(lists).field]: true } }
    if (clause === 'select') fields[model.id?.fields[0] ?? ''] = true
    if (Object.keys(fields).length > 0) args[clause] = fields
  }
  if (selects) args['take'] = 20
  return args
}

function nested(random: Random, relation: Relation, depth: number): Args {
  const { where: filter, orderBy: order, take, ...selection } = query(random, target(relation), depth, true)
  if (!relation.isList) return selection
  return {
    take,
    ...(filter === undefined ? {} : { where: filter }),
    ...(order === undefined ? {} : { orderBy: order }),
    ...selection,
  }
}

function where(random: Random, model: Model, depth: number): Args {
  if (depth === 0) return {}
  if (random.chance(0.3))
    return {
      [random.pick(['AND', 'OR', 'NOT'])]: [where(random, model, depth - 1), where(random, model, depth - 1)],
    }
  const relation = random.pick([undefined, ...model.relations])
  if (relation === undefined) return {}
  const inner = where(random, target(relation), depth - 1)
  if (relation.isList) return { [relation.field]: { [random.pick(['some', 'every', 'none'])]: inner } }
  return { [relation.field]: random.chance(0.5) ? inner : { [random.pick(['is', 'isNot'])]: inner } }
}

function orderBy(random: Random, model: Model, depth: number): Args {
  const relation = random.pick([undefined, ...model.relations])
  if (relation === undefined || depth === 0) return { [model.id?.fields[0] ?? '']: 'asc' }
  return {
    [relation.field]: relation.isList ? { _count: 'desc' } : orderBy(random, target(relation), depth - 1),
  }
}

function target(relation: Relation): Model {
  return schema.models.get(relation.target) as Model
}

function delegate(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1)
}

/** The models of the tables that statements name; a join table stands for both its ends. */
function tablesIn(statements: readonly string[]): Set<string> {
  const tables = statements.flatMap((sql) =>
    [...sql.matchAll(/"public"\."(\w+)"(?!\.)|"public"\."(\w+)"\./g)].map(
      (match) => match[1] ?? match[2] ?? '',
    ),
  )
  return new Set(tables.flatMap((table) => modelsOf(table)))
}

function modelsOf(table: string): string[] {
  const model = [...schema.models.values()].find((each) => each.table === table)
  if (model !== undefined) return [model.name]
  const ends = [...schema.models.values()].flatMap(({ relations }) =>
    relations.filter(({ manyToMany }) => manyToMany?.table === table),
  )
  if (ends.length === 0) throw new Error(`no model has the table ${table}`)
  return ends.map((relation) => relation.model)
}

/** The tables that differ after the write, which is then rolled back. */
async function changedBy(
  client: PrismaClient,
  write: (delegates: Delegates) => Promise<unknown> | undefined,
): Promise<string[]> {
  const undo = new Error('undo')
  let changed: string[] = []
  await client
    .$transaction(async (transaction) => {
      const before = await contents(transaction as unknown as PrismaClient)
      await write(transaction as unknown as Delegates)
      const after = await contents(transaction as unknown as PrismaClient)
      changed = Object.keys(after).filter((table) => after[table] !== before[table])
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return changed
}

async function contents(client: PrismaClient): Promise<Record<string, string>> {
  const tables = [
    ...new Set(
      [...schema.models.values()].flatMap((model) => [
        model.table,
        ...model.relations.flatMap(({ manyToMany }) => manyToMany?.table ?? []),
      ]),
    ),
  ]
  const sums = tables.map(
    (table) =>
      `SELECT '${table}' AS name, md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) AS sum FROM "${table}" t`,
  )
  const rows = await client.$queryRawUnsafe<{ name: string; sum: string }[]>(sums.join(' UNION ALL '))
  return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]))
}
