import type { SinkRecord } from 'prisma-brisk'
import { checks, conversation, failsWith, people, same, type Given } from './checks.ts'

/** A client that writes its records into a list; with the adapter as it is, not watched. */
function logged(given: Given, options: Parameters<Given['suite']['slowQuery']>[0] = {}) {
  const records: SinkRecord[] = []
  const base = given.client()
  const write = (record: SinkRecord): void => void records.push(record)
  const prisma = base.$extends(
    given.suite.slowQuery({ threshold: 0.000_001, sinks: [{ write }], ...options }),
  )
  return { prisma, records }
}

/** Makes the call until it was slow: where the clock goes by whole milliseconds, as on Workers, many calls take none. */
async function slowly(
  { prisma, records }: ReturnType<typeof logged>,
  call: () => PromiseLike<unknown>,
): Promise<void> {
  const before = records.length
  for (let tries = 0; records.length === before && tries < 500; tries++) {
    await call()
    await prisma.$queries.flush()
  }
}

export const slowQueryChecks = checks('slow-query', (check) => {
  check(
    'S1 S5 S8 a record has its operation, statement, rows and time, with nothing to set up',
    async (given) => {
      const log = logged(given)
      const { prisma, records } = log
      await people(given, 'a', 'b')
      records.length = 0
      await slowly(log, () => prisma.user.findMany({ where: { name: { in: ['a', 'b'] } } }))
      const [record] = records
      if (record?.type !== 'slow-query') throw new Error(`no record, but ${record?.type}`)
      same([record.model, record.operation, record.statements.length], ['User', 'findMany', 1])
      same(
        [record.rowsReturned, record.ms > 0, /from/i.test(record.statements[0]!.sql ?? '')],
        [2, true, true],
      )
    },
    'time',
  )

  check(
    'S2 a failed statement is counted with its code',
    async (given) => {
      const { prisma } = logged(given)
      await people(given, 'ada')
      await failsWith('P2002', () => prisma.user.create({ data: { name: 'x', email: 'ada@example.org' } }))
      const [series] = prisma.$queries.stats()
      same(
        [series?.operation, series?.count, series?.errors, Object.keys(series?.errorCodes ?? {}).length],
        ['create', 1, 1, 1],
      )
    },
    'errorCodes',
  )

  check('S3 merged reads are counted one by one', async (given) => {
    const base = given.client()
    const ids = await people(given, 'a', 'b', 'c')
    const prisma = base.$extends(given.suite.brisk())
    await Promise.all(ids.map((id) => prisma.user.findUnique({ where: { id } })))
    const [series] = prisma.$queries.stats()
    same([series?.count, series?.errors], [3, 0])
  })

  check(
    'S4 BEGIN and COMMIT are reported apart from operations',
    async (given) => {
      const { prisma } = logged(given)
      await prisma.$transaction(async (tx) => tx.tag.count())
      const steps = Object.fromEntries(
        prisma.$queries.connections().steps.map(({ step, count }) => [step, count]),
      )
      same([steps['begin'], steps['commit']], [1, 1])
    },
    'transactions',
  )

  check(
    'S6 no value is in a record, neither of an argument nor in raw SQL',
    async (given) => {
      const log = logged(given)
      const { prisma, records } = log
      await slowly(log, () => prisma.user.findMany({ where: { email: 'hidden@example.org' } }))
      await slowly(log, () => prisma.$queryRawUnsafe(`SELECT 'hidden', 4242`))
      const text = JSON.stringify(records)
      same([records.length, text.includes('hidden'), text.includes('4242')], [2, false, false])
    },
    'time',
  )

  check(
    'S7 lists of any length have one fingerprint',
    async (given) => {
      const log = logged(given)
      const { prisma, records } = log
      for (const ids of [
        [1, 2],
        [1, 2, 3, 4, 5],
      ])
        await slowly(log, () => prisma.user.findMany({ where: { id: { in: ids } } }))
      const prints = records.map((record) =>
        record.type === 'slow-query' ? record.statements[0]?.fingerprint : null,
      )
      same([prints.length, prints[0] === prints[1], typeof prints[0]], [2, true, 'string'])
    },
    'time',
  )

  check(
    'S10 stats have counts and percentiles, and snapshots of processes add up',
    async (given) => {
      const { prisma } = logged(given)
      for (let index = 0; index < 20; index++) await prisma.tag.count()
      const [series] = prisma.$queries.stats()
      same(
        [series?.count, series!.p50 > 0, series!.p50 <= series!.p99, series!.p99 <= series!.max],
        [20, true, true, true],
      )
      const snapshot = prisma.$queries.snapshot()
      const merged = given.suite.mergeStatistics([
        snapshot,
        JSON.parse(JSON.stringify(snapshot)) as typeof snapshot,
      ])
      same(merged[0]?.count, 40)
    },
    'time',
  )

  check('S11 a sink that throws or rejects fails no query', async (given) => {
    const sinks = [
      {
        write: () => {
          throw new Error('no')
        },
      },
      { write: async () => Promise.reject(new Error('no')) },
    ]
    const { prisma } = logged(given, { sinks })
    same(await prisma.tag.count(), 0)
    await prisma.$queries.flush()
  })

  check('S13 a loop within a request is one report with the change to make', async (given) => {
    const { prisma, records } = logged(given, { threshold: 60_000 })
    const ids = await people(given, ...Array.from({ length: 12 }, (_, index) => `u${index}`))
    await given.suite.runRequest({ name: 'GET /users' }, async () => {
      for (const id of ids) await prisma.user.findUnique({ where: { id } })
    })
    await prisma.$queries.flush()
    const reports = records.filter(({ type }) => type === 'n-plus-one')
    const [report] = reports
    if (report?.type !== 'n-plus-one')
      throw new Error(`no report among ${records.map(({ type }) => type).join()}`)
    same(
      [reports.length, report.model, report.operation, report.count, report.request],
      [1, 'User', 'findUnique', 12, 'GET /users'],
    )
    same(report.advice.length > 10, true, 'advice')
  })

  check(
    'a record names the place in the code',
    async (given) => {
      const { prisma, records } = logged(given)
      await prisma.tag.count()
      await prisma.$queries.flush()
      const [record] = records
      const site = record?.type === 'slow-query' ? record.callSite : undefined
      if (typeof site !== 'string' || !/:\d+/.test(site)) throw new Error(`call site: ${String(site)}`)
    },
    'stacks',
    'time',
  )

  check('S16 metrics are Prometheus text, values left out', async (given) => {
    const { prisma } = logged(given)
    await prisma.user.findMany({ where: { email: 'hidden@example.org' } })
    const text = prisma.$queries.metrics()
    same(
      [
        /^db_client_operation_duration_seconds_count\{[^}]*User[^}]*\} 1$/m.test(text),
        text.includes('hidden'),
      ],
      [true, false],
    )
  })

  check('S18 a request over its budget makes one event', async (given) => {
    const { prisma, records } = logged(given, {
      threshold: 60_000,
      nPlusOne: false,
      requestBudget: { queries: 2 },
    })
    await given.suite.runRequest({ name: 'GET /' }, async () => {
      for (let index = 0; index < 4; index++) await prisma.tag.count({ where: { id: index } })
    })
    await prisma.$queries.flush()
    same(
      records.map(({ type }) => type),
      ['request-budget'],
    )
  })

  check(
    'S8 notes of the cache are in the record',
    async (given) => {
      const records: SinkRecord[] = []
      const base = given.client()
      const [id] = await people(given, 'ada')
      await conversation(given, 'c1', id!, 1)
      const slowQuery = {
        threshold: 0.000_001,
        sinks: [{ write: (record: SinkRecord) => void records.push(record) }],
      }
      const prisma = base.$extends(given.suite.brisk({ slowQuery }))
      const read = () => prisma.message.findMany({ cacheStrategy: { ttl: 60 } })
      await read()
      await read()
      await prisma.$queries.flush()
      same(
        records.map((record) => JSON.stringify(record).includes('"hit"')),
        [false, true],
      )
    },
    'clock',
  )
})
