import { skip } from '@prisma/client/runtime/client'
import { forSeeds, type Random } from '../../../../test/support/random.ts'
import {
  parseSchema,
  readModels,
  visitSelections,
  writtenModels,
  type Model,
  type SchemaModel,
} from '../../src/index.ts'
import { ArgsMaker } from '../support/random-args.ts'
import { randomSchema } from '../support/random-schema.ts'

test('the models read are those that the arguments name, whatever the schema', async () => {
  await forSeeds(300, (random) => {
    const schema = parseSchema(randomSchema(random), 'inline')
    for (let call = 0; call < 5; call++) {
      const maker = new ArgsMaker(random, schema)
      const model = anyModel(random, schema)
      const args = maker.query(model, 3, ['where', 'orderBy', 'selection', 'page'])
      expect(readModels(schema, model.name, 'findMany', args)).toEqual(maker.read)
    }
  })
})

test('the models written are those that nested writes and cascades reach, whatever the schema', async () => {
  await forSeeds(300, (random) => {
    const schema = parseSchema(randomSchema(random), 'inline')
    for (let call = 0; call < 5; call++) {
      const maker = new ArgsMaker(random, schema)
      const model = anyModel(random, schema)
      const operation = random.pick([
        'create',
        'createMany',
        'update',
        'updateMany',
        'upsert',
        'delete',
        'deleteMany',
      ])
      const args = maker.write(model, operation, 3)
      const expected = new Set([...maker.written, ...cascades(schema, maker.changes)])
      expect(writtenModels(schema, model.name, operation, args)).toEqual(expected)
    }
  })
})

test('every selection is visited once, with its path and its parents', async () => {
  await forSeeds(300, (random) => {
    const schema = parseSchema(randomSchema(random), 'inline')
    const maker = new ArgsMaker(random, schema)
    const model = anyModel(random, schema)
    const args = maker.query(model, 4, ['where', 'orderBy', 'selection', 'page'])
    const seen: string[] = []
    const result = visitSelections(
      schema,
      model.name,
      args,
      ({ relation, isList, path, parents, args: nested }) => {
        seen.push(`${path.join('.')} ${relation.model}.${relation.field} ${isList}`)
        expect(at(args, path)).toBe(nested)
        expect(parents.map((parent) => parent.relation.target).at(-1) ?? model.name).toBe(relation.model)
      },
    )
    expect(seen.sort()).toEqual(maker.selections.sort())
    expect(result).toBe(args)
  })
})

function anyModel(random: Random, schema: SchemaModel): Model {
  return random.pick([...schema.models.values()])
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((each, key) => (each as Record<string, unknown>)[key], value)
}

/** Every (model, deleted | field) that follows from the changes, by trying all foreign keys until nothing is new. */
function cascades(schema: SchemaModel, changes: ArgsMaker['changes']): Set<string> {
  const facts = new Set(
    changes.flatMap(({ model, change }) =>
      change === 'delete' ? [`${model} *`] : change.map((field) => `${model} ${field}`),
    ),
  )
  const touched = new Set<string>()
  for (let size = -1; size !== facts.size;) {
    size = facts.size
    for (const model of schema.models.values()) {
      for (const { fields, references, target, onDelete, onUpdate } of model.relations) {
        if (fields.length === 0) continue
        const follow = (action: string): void => {
          if (action === 'Restrict' || action === 'NoAction') return
          touched.add(model.name)
          for (const field of fields) facts.add(`${model.name} ${field}`)
        }
        if (facts.has(`${target} *`)) {
          if (onDelete === 'Cascade') {
            touched.add(model.name)
            facts.add(`${model.name} *`)
          } else follow(onDelete)
        }
        if (references.some((field) => facts.has(`${target} ${field}`))) follow(onUpdate)
      }
    }
  }
  return touched
}

const BLOG = parseSchema(
  `datasource db {
  provider = "postgresql"
}

model User {
  id      Int      @id
  email   String   @unique
  profile Profile?
  posts   Post[]
}

model Profile {
  id     Int  @id
  data   Json
  userId Int  @unique
  user   User @relation(fields: [userId], references: [id], onDelete: Cascade)
}

model Post {
  id       Int    @id
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id], onDelete: Cascade)
  tags     Tag[]
  stats    PostStats?

  @@unique([authorId, title])
}

model Tag {
  name  String @id
  posts Post[]
}

view PostStats {
  postId Int  @unique
  post   Post @relation(fields: [postId], references: [id])
}
`,
  'inline',
)

describe('what is read', () => {
  const read = (operation: string, args: Record<string, unknown>, model: string | null = 'Post') =>
    readModels(BLOG, model, operation, args)

  test('a cursor, a compound key, distinct and having are the model’s own', () => {
    expect(
      read('findMany', { cursor: { authorId_title: { authorId: 1, title: 'x' } }, distinct: ['title'] }),
    ).toEqual(new Set(['Post']))
    expect(read('findUnique', { where: { authorId_title: { authorId: 1, title: 'x' } } })).toEqual(
      new Set(['Post']),
    )
    expect(
      read('groupBy', {
        by: ['title'],
        having: { id: { _sum: { gt: 1 } } },
        orderBy: { _count: { id: 'asc' } },
        where: { author: { email: 'x' } },
      }),
    ).toEqual(new Set(['Post', 'User']))
    expect(read('count', { select: { _all: true, title: true }, where: { tags: { none: {} } } })).toEqual(
      new Set(['Post', 'Tag']),
    )
  })

  test('the suite’s own arguments and fields that extensions compute read nothing more', () => {
    expect(
      read('findMany', { cacheStrategy: { ttl: 1 }, unbounded: 'all', select: { fullTitle: true } }),
    ).toEqual(new Set(['Post']))
  })

  test('a write’s answer is read, its data is not', () => {
    expect(read('create', { data: { author: { create: {} } }, include: { tags: true } })).toEqual(
      new Set(['Post', 'Tag']),
    )
  })

  test.each([
    ['an unknown operation', 'findEverything', {}],
    ['a raw query', '$queryRaw', {}],
    ['an unknown argument', 'findMany', { join: {} }],
    ['an unknown field in where', 'findMany', { where: { unknown: 1 } }],
    ['where that is no object', 'findMany', { where: [] }],
    ['an unknown relation operator', 'findMany', { where: { tags: { most: {} } } }],
    ['an unknown field with arguments in select', 'findMany', { select: { unknown: { select: {} } } }],
    ['an unknown field in orderBy', 'findMany', { orderBy: { unknown: 'asc' } }],
    ['a view', 'findMany', { include: { stats: true } }],
  ])('%s may read anything', (_, operation, args) => {
    expect(read(operation, args)).toBe('*')
  })

  test('an unknown model and a view may read anything', () => {
    expect(read('findMany', {}, 'Nothing')).toBe('*')
    expect(read('findMany', {}, 'PostStats')).toBe('*')
    expect(read('findMany', {}, null)).toBe('*')
  })
})

describe('what is written', () => {
  const written = (operation: string, args: Record<string, unknown>, model: string | null = 'User') =>
    writtenModels(BLOG, model, operation, args)

  test('a read writes nothing', () => {
    expect(written('findMany', {})).toEqual(new Set())
  })

  test('connecting a row to its parent writes the row alone', () => {
    expect(written('create', { data: { author: { connect: { id: 1 } } } }, 'Post')).toEqual(new Set(['Post']))
    expect(written('update', { data: { posts: { connect: { id: 1 } } } })).toEqual(new Set(['User', 'Post']))
  })

  test('connecting through an implicit many-to-many relation writes both ends', () => {
    expect(
      written('update', { data: { posts: { update: { where: {}, data: { tags: { set: [] } } } } } }),
    ).toEqual(new Set(['User', 'Post', 'Tag']))
  })

  test('a foreign key that moves changes what references it in turn', () => {
    const chain = parseSchema(
      `model A {
  id Int @id
  b  B?
}
model B {
  aId Int @id
  a   A   @relation(fields: [aId], references: [id])
  c   C?
}
model C {
  bId Int @id
  b   B   @relation(fields: [bId], references: [aId])
}
`,
      'inline',
    )
    expect(writtenModels(chain, 'A', 'update', { data: { b: { connect: { aId: 2 } } } })).toEqual(
      new Set(['A', 'B', 'C']),
    )
    expect(writtenModels(chain, 'B', 'update', { data: { a: { connect: { id: 2 } } } })).toEqual(
      new Set(['B', 'C']),
    )
    expect(writtenModels(chain, 'B', 'create', { data: { aId: 2 } })).toEqual(new Set(['B']))
  })

  test('a deletion cascades', () => {
    expect(written('delete', { where: { id: 1 } })).toEqual(new Set(['User', 'Post', 'Profile']))
  })

  test('a to-one update may be the data itself, also where a field is called data', () => {
    const both = new Set(['User', 'Profile'])
    expect(written('update', { data: { profile: { update: { data: { anything: 1 } } } } })).toEqual(both)
    expect(
      written('update', { data: { profile: { update: { where: { id: 1 }, data: { id: 2 } } } } }),
    ).toEqual(both)
    expect(
      written('update', { data: { profile: { update: { where: { id: 1 }, data: { unknown: 2 } } } } }),
    ).toBe('*')
  })

  test.each([
    ['an unknown operation', 'replace', { data: {} }],
    ['raw SQL', '$executeRaw', {}],
    ['an unknown field', 'update', { data: { unknown: 1 } }],
    ['an unknown nested write', 'update', { data: { posts: { merge: {} } } }],
    ['a nested write that is no object', 'update', { data: { posts: [] } }],
    ['data that is no object', 'update', { data: 'x' }],
  ])('%s may write anything', (_, operation, args) => {
    expect(written(operation, args)).toBe('*')
  })

  test('a write of a view or of an unknown model may write anything', () => {
    expect(written('update', { data: {} }, 'PostStats')).toBe('*')
    expect(written('update', { data: {} }, 'Nothing')).toBe('*')
    expect(written('update', { data: {} }, null)).toBe('*')
  })
})

describe('visiting selections', () => {
  test('what the visitor returns takes the place of the arguments, and the caller’s stay as they are', () => {
    const args = {
      where: { id: 1 },
      include: { posts: { include: { tags: true, author: true } }, profile: true },
      take: 1,
    }
    const before = structuredClone(args)
    const result = visitSelections(BLOG, 'User', args, ({ isList, args: nested }) =>
      isList ? { ...(nested === true ? {} : nested), take: 5 } : undefined,
    )
    expect(result).toEqual({
      where: { id: 1 },
      include: { posts: { include: { tags: { take: 5 }, author: true }, take: 5 }, profile: true },
      take: 1,
    })
    expect(args).toEqual(before)
    expect(result.where).toBe(args.where)
  })

  test('the walk goes on into what was put in place', () => {
    const seen: string[] = []
    visitSelections(BLOG, 'User', { include: { posts: true } }, ({ path }) => {
      seen.push(path.join('.'))
      return path.length === 2 ? { select: { tags: true } } : undefined
    })
    expect(seen).toEqual(['include.posts', 'include.posts.select.tags'])
  })

  test('counts, columns and what is not selected are not visited', () => {
    const args = { select: { email: true, _count: { select: { posts: true } }, posts: false, profile: skip } }
    expect(
      visitSelections(BLOG, 'User', args, () => {
        throw new Error('visited')
      }),
    ).toBe(args)
  })
})
