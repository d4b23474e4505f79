import type { Random } from '../../../../support/random.ts'
import type { PeopleClient } from './people.ts'

export type PeopleRead = (client: PeopleClient, strategy: object) => Promise<unknown>

const RELATIONS = {
  person: {
    boss: 'person',
    reports: 'person',
    friends: 'person',
    friendOf: 'person',
    written: 'post',
    reviewed: 'post',
  },
  post: { author: 'person', reviewer: 'person' },
} as const
const LISTS = new Set(['reports', 'friends', 'friendOf', 'written', 'reviewed'])
const COLUMNS = {
  person: ['id', 'name', 'email', 'bossId', 'kind'],
  post: ['id', 'title', 'authorId', 'reviewerId'],
} as const
type Model = keyof typeof RELATIONS
const MODELS: readonly Model[] = ['person', 'post']

/** A read of any operation, that reaches other rows by selecting, counting, filtering or ordering, or not at all. */
export function peopleRead(random: Random): PeopleRead {
  const model: Model = random.chance(0.7) ? 'person' : 'post'
  const name = random.pick([
    'findUnique',
    'findUnique',
    'findUnique',
    'findFirst',
    'findMany',
    'count',
    'fluent',
  ])
  if (name === 'count') {
    const where = filter(random, model)
    return named(`${model}.count`, where, (client, strategy) =>
      (client[model]['count'] as never as (args: object) => Promise<unknown>)({ where, ...strategy }),
    )
  }
  if (name === 'fluent') {
    const where = { id: random.int(1, 4) }
    const relation = random.pick(Object.keys(RELATIONS[model]))
    const args = LISTS.has(relation) ? { orderBy: { id: 'asc' } } : {}
    const select = {
      select: {
        id: true,
        ...(relation === 'written' || relation === 'reviewed' ? { title: true } : { name: true }),
      },
    }
    return named(`${model}.findUnique.${relation}`, where, (client, strategy) => {
      const found = client[model]['findUnique']?.({ where, ...strategy })
      return found?.[relation]?.({ ...args, ...select }) as Promise<unknown>
    })
  }
  const isUnique = name === 'findUnique'
  const where = isUnique ? unique(random, model) : filter(random, model)
  const args = {
    where,
    ...selection(random, model, 2, random.chance(0.5) ? [model] : MODELS),
    ...(isUnique ? {} : { orderBy: order(random, model) }),
  }
  return named(`${model}.${name}`, args, (client, strategy) =>
    (client[model][name] as never as (args: object) => Promise<unknown>)({ ...args, ...strategy }),
  )
}

function named(name: string, args: object, read: PeopleRead): PeopleRead {
  return Object.assign(read, { toString: () => `${name}(${JSON.stringify(args)})` })
}

function unique(random: Random, model: Model): object {
  const key =
    model === 'person' && random.chance(0.3)
      ? { email: random.pick(['one', 'two', 'three']) }
      : { id: random.int(1, 4) }
  return random.chance(0.2) ? { ...key, ...filter(random, model) } : key
}

function filter(random: Random, model: Model): object {
  if (random.chance(0.4)) return equality(random, model)
  switch (random.int(0, 5)) {
    case 0:
      return model === 'person' ? { boss: { is: { name: 'One' } } } : { author: { name: 'Two' } }
    case 1:
      return model === 'person' ? { friends: { some: { id: { gt: 1 } } } } : { reviewer: { isNot: null } }
    case 2:
      return model === 'person'
        ? { written: { none: { title: 'q' } } }
        : { author: { boss: { is: { id: 1 } } } }
    case 3:
      return { NOT: [{ id: 3 }] }
    default:
      return { id: { lt: 100_000 } }
  }
}

/** Rows that have certain values in a column, and perhaps more that is asked of them. */
function equality(random: Random, model: Model): object {
  const column = model === 'person' ? 'bossId' : random.pick(['authorId', 'reviewerId'])
  const value = random.int(1, 3)
  const condition = random.pick([
    value,
    { equals: value },
    { in: [value, 1] },
    ...(column === 'authorId' ? [] : [null]),
  ])
  const own = { [column]: condition }
  return random.pick([
    own,
    own,
    { ...own, id: { lt: 100 } },
    { AND: [{ id: { gt: 0 } }, own] },
    { OR: [own, { id: random.int(1, 3) }] },
    { OR: [own, { id: random.int(1, 3) }] },
    { NOT: own },
    { ...own, ...(model === 'person' ? { boss: { is: { name: 'One' } } } : { author: { name: 'Two' } }) },
  ])
}

function order(random: Random, model: Model): object[] {
  const first = model === 'person' ? { boss: { name: 'desc' } } : { reviewer: { name: 'asc' } }
  const counted = model === 'person' ? [{ friends: { _count: 'asc' } }] : []
  return [...(random.chance(0.3) ? [first] : []), ...(random.chance(0.2) ? counted : []), { id: 'asc' }]
}

function selection(random: Random, model: Model, depth: number, among: readonly Model[]): object {
  const kind = random.int(0, 3)
  if (kind === 0 || depth === 0) return { select: columns(random, model) }
  const fields: Record<string, unknown> = {}
  const relations = Object.entries(RELATIONS[model] as Record<string, Model>).filter(([, target]) =>
    among.includes(target),
  )
  const lists = relations.map(([name]) => name).filter((name) => LISTS.has(name))
  for (const [relation, target] of random.sample(relations, random.int(0, 2))) {
    const inner = selection(random, target, depth - 1, among)
    fields[relation] = LISTS.has(relation) ? { ...inner, orderBy: { id: 'asc' } } : inner
  }
  if (lists.length > 0 && random.chance(0.3)) {
    fields['_count'] =
      random.chance(0.5) && among === MODELS ? true : { select: { [random.pick(lists)]: true } }
  }
  if (kind === 1 && Object.keys(fields).length > 0) return { include: fields, omit: { kind: true } }
  return { select: { ...columns(random, model), ...fields } }
}

/** Rows of a kind that the client does not know can be read by their other columns; sometimes it is asked for. */
function columns(random: Random, model: Model): Record<string, boolean> {
  const names = COLUMNS[model].filter((name) => name !== 'kind' || random.chance(0.1))
  return Object.fromEntries(['id', ...random.sample(names, 3)].map((name) => [name, true]))
}
