import { batching } from '@prisma-brisk/batching'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { kinds, valueColumns, type KeyValues } from './support/key-values.ts'
import {
  expectSameAnswers,
  expectSameAnswersInTransaction,
  indexForeignKeys,
  type OracleCall,
} from './support/oracle.ts'

/** 10,000 (`BRISK_SEEDS`) run through the night. */
const SEEDS = 500
const BUDGET = { seconds: 10, atLeast: 100 }

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('key types on %s', (provider) => {
  test('B8 B9 B10 B11 B12 B13 any calls by any keys answer as they do alone', async () => {
    const database = await createDatabase(provider as 'postgresql', { schema: 'key-types' })
    try {
      const plain = database.createClient({
        errorFormat: 'minimal',
        adapter: database.adapter({ connections: 3 }),
      })
      const [one, other] = [1, 2].map(() =>
        database.createClient({ errorFormat: 'minimal', adapter: database.adapter({ connections: 3 }) }),
      )
      const ways = [one!, hooked(other!)].map((client) => client.$extends(batching()))
      await store(plain, provider)
      if (provider === 'postgresql') await indexForeignKeys(plain)
      const known = new Map<string, string>()
      await forSeeds(
        SEEDS,
        async (random) => {
          const expectSame = random.chance(0.1) ? expectSameAnswersInTransaction : expectSameAnswers
          const calls = randomCalls(random, provider)
          await expectSame(plain, random.pick(ways), calls, {
            random,
            known,
            endsTransactions: provider === 'postgresql',
          })
        },
        BUDGET,
      )
      for (const { $batching } of ways) expect($batching.stats().batched).toBeGreaterThan(0)
    } finally {
      await database.drop()
    }
  }, 7_200_000)
})

type Creator = Record<string, { create(args: unknown): Promise<unknown> }>

/** Every value that fits is a row of `<Kind>Key` with up to three items, and stands twice in `Value`. */
async function store(client: object, provider: Provider): Promise<void> {
  const create = async (model: string, data: object): Promise<boolean> => {
    try {
      await (client as Creator)[model]!.create({ data })
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'P2002') return false
      throw error
    }
  }
  for (const [kind, { stored }] of Object.entries(kinds[provider])) {
    let item = 1
    for (const [index, id] of stored.entries()) {
      await create(lower(`${kind}Key`), { id, label: `${kind} ${index}` })
      for (let child = 0; child < index % 4; child++) {
        await create(lower(`${kind}Item`), { id: item, keyId: id, rank: item % 3 === 0 ? null : item % 5 })
        item++
      }
    }
    await create(lower(`${kind}Item`), { id: item, keyId: null, rank: 1 })
  }
  let id = 1
  for (const [column, { stored }] of Object.entries(valueColumns[provider])) {
    for (const value of [...stored, ...stored.slice(0, 5), null])
      await create('value', { id: id++, [column]: value })
  }
  for (let tenant = 1; tenant <= 3; tenant++) {
    for (const code of ['a', 'b', 'a,b', 'a|b', '1', 'ab']) {
      await create('compositeKey', {
        tenant,
        code,
        label: `${tenant} ${code}`,
        region: tenant === 1 ? null : code,
        number: tenant === 2 ? null : tenant,
      })
      for (let child = 0; child < tenant; child++)
        await create('compositeItem', { id: id++, tenant, code, rank: child % 2 })
    }
  }
}

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

function randomCalls(random: Random, provider: Provider): OracleCall[] {
  return random.list(1, 3, () => groupOfCalls(random, provider)).flat()
}

/** Calls of one template with different keys, a few of them bad. */
function groupOfCalls(random: Random, provider: Provider): OracleCall[] {
  const shape = random.int(0, 9)
  if (shape === 0) return compositeCalls(random)
  if (shape <= 2) return valueCalls(random, provider)
  const kind = random.pick(Object.keys(kinds[provider]))
  const source = kinds[provider][kind] as KeyValues
  const template = random.pick(templates)
  return random.list(2, 9, () => {
    const value = pickValue(random, source)
    return { ...template(value), model: lower(`${kind}${template(value).model}`) }
  })
}

function pickValue(random: Random, { stored, asked, bad }: KeyValues): unknown {
  const die = random.next()
  if (die < 0.05) return random.pick(bad)
  return die < 0.4 && asked.length > 0 ? random.pick(asked) : random.pick(stored)
}

const templates: ((value: unknown) => OracleCall)[] = [
  (id) => ({ model: 'Key', operation: 'findUnique', args: { where: { id } }, isOrdered: true }),
  (id) => ({
    model: 'Key',
    operation: 'findUnique',
    args: { where: { id }, include: { items: { orderBy: { id: 'desc' } } } },
    isOrdered: true,
  }),
  (id) => ({
    model: 'Key',
    operation: 'findUnique',
    args: { where: { id }, select: { label: true } },
    isOrdered: true,
  }),
  (id) => ({
    model: 'Key',
    operation: 'findUnique',
    args: { where: { id } },
    fluent: { field: 'items', args: { orderBy: { id: 'asc' } } },
    isOrdered: true,
  }),
  (id) => ({
    model: 'Key',
    operation: 'findUniqueOrThrow',
    args: { where: { id } },
    fluent: { field: 'items', args: { where: { rank: 1 }, select: { id: true, keyId: true } } },
    isOrdered: false,
  }),
  (id) => ({ model: 'Key', operation: 'findUniqueOrThrow', args: { where: { id } }, isOrdered: true }),
  (id) => ({ model: 'Key', operation: 'findFirst', args: { where: { id } }, isOrdered: true }),
  (id) => ({
    model: 'Key',
    operation: 'findFirst',
    args: { where: { id: { equals: id } }, omit: { id: true } },
    isOrdered: true,
  }),
  (id) => ({
    model: 'Key',
    operation: 'findFirstOrThrow',
    args: { where: { id, label: { not: 'x' } } },
    isOrdered: true,
  }),
  (id) => ({ model: 'Key', operation: 'findMany', args: { where: { id }, take: 2 }, isOrdered: true }),
  (keyId) => ({ model: 'Item', operation: 'findMany', args: { where: { keyId } }, isOrdered: false }),
  (keyId) => ({
    model: 'Item',
    operation: 'findMany',
    args: { where: { keyId }, select: { rank: true, id: true }, orderBy: { id: 'desc' } },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'findMany',
    args: { where: { keyId }, include: { key: true }, orderBy: [{ rank: 'asc' }, { id: 'asc' }] },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'findMany',
    args: { where: { keyId }, orderBy: [{ rank: 'desc' }, { id: 'asc' }], take: 2 },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'findMany',
    args: {
      where: { keyId, rank: { not: null } },
      orderBy: [{ rank: 'asc' }, { id: 'desc' }],
      take: 1,
      skip: 1,
      select: { id: true },
    },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'findFirst',
    args: { where: { keyId }, orderBy: [{ rank: 'desc' }, { id: 'desc' }] },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'findFirstOrThrow',
    args: { where: { keyId, rank: { lt: 3 } }, orderBy: { id: 'desc' } },
    isOrdered: true,
  }),
  (keyId) => ({ model: 'Item', operation: 'count', args: { where: { keyId } }, isOrdered: true }),
  (keyId) => ({
    model: 'Item',
    operation: 'count',
    args: { where: { keyId }, select: { rank: true, _all: true } },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'aggregate',
    args: {
      where: { keyId },
      _sum: { rank: true },
      _count: true,
      _max: { id: true, rank: true },
      _avg: { rank: true },
    },
    isOrdered: true,
  }),
  (keyId) => ({
    model: 'Item',
    operation: 'aggregate',
    args: { where: { keyId }, _count: { rank: true, _all: true }, _min: { keyId: true } },
    isOrdered: true,
  }),
]

function valueCalls(random: Random, provider: Provider): OracleCall[] {
  const column = random.pick(Object.keys(valueColumns[provider]))
  const source = valueColumns[provider][column] as KeyValues
  const operation = random.pick(['findMany', 'count', 'findFirst'])
  const args = random.pick([{}, operation === 'count' ? {} : { select: { id: true } }])
  const order = operation === 'count' ? {} : { orderBy: { id: 'asc' } }
  const take = operation === 'findMany' && random.chance(0.5) ? { take: random.int(1, 3) } : {}
  return random.list(2, 8, () => ({
    model: 'value',
    operation,
    args: { where: { [column]: pickValue(random, source) }, ...args, ...order, ...take },
    isOrdered: true,
  }))
}

function compositeCalls(random: Random): OracleCall[] {
  const kind = random.int(0, 3)
  const tenants = random.chance(0.5) ? [random.int(1, 3)] : [1, 2, 3, 4]
  const codes = ['a', 'b', 'a,b', 'a|b', '1', 'ab', 'A', 'none']
  return random.list(2, 10, () => {
    const tenant = random.pick(tenants)
    const code = random.pick(codes)
    const members = random.chance(0.5) ? { tenant, code } : { code, tenant }
    if (kind === 0)
      return {
        model: 'compositeKey',
        operation: 'findUnique',
        args: { where: { tenant_code: members } },
        isOrdered: true,
      }
    if (kind === 1)
      return {
        model: 'compositeKey',
        operation: 'findUnique',
        args: {
          where: { place: { region: code, number: tenant } },
          include: { items: { orderBy: { id: 'asc' } } },
        },
        isOrdered: true,
      }
    if (kind === 2)
      return {
        model: 'compositeItem',
        operation: 'findMany',
        args: { where: members, orderBy: { id: 'asc' } },
        isOrdered: true,
      }
    return {
      model: 'compositeItem',
      operation: 'findMany',
      args: { where: { ...members, rank: 0 }, orderBy: { id: 'desc' }, take: 1 },
      isOrdered: true,
    }
  })
}
