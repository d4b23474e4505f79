import { checks, conversation, failsWith, outcome, people, same } from './checks.ts'

const day = new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 789))

/** The pipeline answers as plain Prisma does, whatever comes through it. */
export const coreChecks = checks('core', (check) => {
  check(
    'every operation of a model answers as plain Prisma does',
    async (given) => {
      const run = async (client: ReturnType<typeof given.client>) => {
        await client.user.deleteMany()
        const data = { name: 'ada', email: 'ada@example.org', createdAt: day }
        const { id, ...ada } = await client.user.create({ data })
        const { id: _, ...updated } = await client.user.update({ where: { id }, data: { role: 'TUTOR' } })
        const upserted = await client.user.upsert({
          where: { email: 'bob@example.org' },
          create: { name: 'bob', email: 'bob@example.org' },
          update: {},
          select: { name: true },
        })
        return [
          ada,
          updated,
          upserted,
          await client.user.findUnique({ where: { email: 'bob@example.org' }, select: { name: true } }),
          await client.user.findFirst({ orderBy: { name: 'desc' }, select: { name: true, role: true } }),
          await client.user.findMany({ orderBy: { name: 'asc' }, omit: { id: true, createdAt: true } }),
          await client.user.count({ where: { role: 'TUTOR' } }),
          await client.user.aggregate({ _count: true, _sum: { balance: true } }),
          await client.user.groupBy({ by: ['role'], _count: true, orderBy: { role: 'asc' } }),
          await client.user.updateMany({ data: { balance: 2 } }),
          await client.user.deleteMany({ where: { name: 'bob' } }),
          await client.user.delete({ where: { id }, select: { name: true, balance: true } }),
        ]
      }
      const plain = await run(given.client())
      same(await run(given.client().$extends(given.suite.brisk()) as never), plain)
    },
    'nested',
  )

  check('Decimal, BigInt, Bytes, Json and DateTime come as plain Prisma gives them', async (given) => {
    const base = given.client()
    const [id] = await people(given, 'ada')
    const prisma = base.$extends(given.suite.brisk())
    await prisma.user.update({ where: { id: id! }, data: { balance: '12345678901234.5' } })
    await prisma.profile.create({
      data: {
        userId: id!,
        displayName: 'Ada',
        birthday: day,
        avatar: new Uint8Array([0, 127, 128, 255]),
        preferences: { deep: [1, 'two', null, { three: 3.5 }] },
      },
    })
    await prisma.studySession.create({
      data: {
        userId: id!,
        subject: 'maths',
        minutes: 5,
        focus: -0.25,
        events: 2n ** 50n + 1n,
        startedAt: day,
      },
    })
    const read = (client: typeof base) =>
      client.user.findUnique({
        where: { id: id! },
        include: { profile: { omit: { updatedAt: true } }, studySessions: true },
      })
    const answer = await read(prisma as never)
    same(answer, await read(base))
    same(answer?.studySessions[0]?.events, 1125899906842625n)
    same([...(answer?.profile?.avatar ?? [])], [0, 127, 128, 255])
    same(answer?.balance instanceof given.Prisma.Decimal, true, 'the class of a Decimal')
  })

  check('errors have the class, code and meta of plain Prisma', async (given) => {
    const base = given.client()
    await people(given, 'ada')
    const prisma = base.$extends(given.suite.brisk())
    const failures = async (client: typeof base) => [
      await outcome(() => client.user.create({ data: { name: 'x', email: 'ada@example.org' } })),
      await outcome(() => client.user.update({ where: { id: -1 }, data: { name: 'x' } })),
      await outcome(() => client.user.findUniqueOrThrow({ where: { id: -1 } })),
      await outcome(() => client.user.findMany({ where: { nobody: 1 } as never })),
      await outcome(() => client.user.findUnique({ where: { id: 'one' as never } })),
    ]
    same(await failures(prisma as never), await failures(base))
  })

  check(
    'an interactive transaction commits as a whole, and rolls back as a whole',
    async (given) => {
      const prisma = given.client().$extends(given.suite.brisk())
      await prisma.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'one' } })
        same(await tx.tag.count(), 1)
      })
      const failure = new Error('no')
      const seen = await prisma
        .$transaction(async (tx) => {
          await tx.tag.create({ data: { name: 'two' } })
          throw failure
        })
        .catch((error: unknown) => error)
      same(seen === failure, true, 'the error of the callback')
      same(await prisma.tag.findMany({ select: { name: true } }), [{ name: 'one' }])
    },
    'transactions',
  )

  check(
    'an array transaction sends each member once, in order',
    async (given) => {
      const prisma = given.client().$extends(given.suite.brisk())
      const [created, count, removed] = await prisma.$transaction([
        prisma.tag.create({ data: { name: 'one' } }),
        prisma.tag.count(),
        prisma.tag.deleteMany(),
      ])
      same([created.name, count, removed.count], ['one', 1, 1])
    },
    'nested',
  )

  check('a fluent call answers with the related rows', async (given) => {
    const base = given.client()
    const [id] = await people(given, 'ada')
    await conversation(given, 'c1', id!, 2)
    const prisma = base.$extends(given.suite.brisk())
    same(await prisma.user.findUnique({ where: { id: id! } }).conversations({ select: { id: true } }), [
      { id: 'c1' },
    ])
  })

  check(
    'nested writes reach every table',
    async (given) => {
      const prisma = given.client().$extends(given.suite.brisk())
      await prisma.user.create({
        data: {
          name: 'ada',
          email: 'ada@example.org',
          conversations: {
            create: {
              title: 'c',
              tags: { create: { name: 't' } },
              messages: { create: { role: 'USER', body: 'm' } },
            },
          },
        },
      })
      same(
        [await prisma.message.count(), await prisma.tag.count({ where: { conversations: { some: {} } } })],
        [1, 1],
      )
    },
    'nested',
  )

  check('raw reads and writes pass', async (given) => {
    const { Prisma, provider } = given
    const prisma = given.client().$extends(given.suite.brisk({ cache: { onRawWrite: 'ignore' } }))
    await prisma.tag.create({ data: { name: 'one' } })
    const table = Prisma.raw(provider === 'mysql' ? '`Tag`' : '"Tag"')
    const written = await prisma.$executeRaw`UPDATE ${table} SET name = ${'two'} WHERE name = ${'one'}`
    same(written, 1)
    same(await prisma.$queryRaw`SELECT name FROM ${table}`, [{ name: 'two' }])
  })

  check('extensions before and after run once, with their own methods', async (given) => {
    let before = 0
    let after = 0
    const prisma = given
      .client()
      .$extends({ query: { tag: { count: ({ args, query }) => (before++, query(args)) } } })
      .$extends(given.suite.brisk())
      .$extends({
        query: { tag: { count: ({ args, query }) => (after++, query(args)) } },
        model: { tag: { double: async () => 2 } },
      })
    same([await prisma.tag.count(), await prisma.tag.double(), before, after], [0, 2, 1, 1])
  })

  check('two clients of one base client work side by side', async (given) => {
    const base = given.client()
    const [one, two] = [base.$extends(given.suite.brisk()), base.$extends(given.suite.brisk())]
    await one.tag.create({ data: { name: 'one' } })
    same([await two.tag.count(), await base.tag.count()], [1, 1])
  })

  check('two clients on one adapter object work side by side', async (given) => {
    const adapter = given.adapter()
    const [one, two] = [given.client({ adapter }), given.client({ adapter })].map((client) =>
      client.$extends(given.suite.brisk()),
    )
    await one!.tag.create({ data: { name: 'one' } })
    same([await one!.tag.count(), await two!.tag.count()], [1, 1])
    same(two!.$queries.stats().length, 1, 'series of the second client')
  })

  check('mounting twice and unknown options are refused with a code', async (given) => {
    const prisma = given.client().$extends(given.suite.brisk())
    await failsWith('E_INVALID_OPTIONS', () => prisma.$extends(given.suite.cache()))
    const error = await failsWith('E_INVALID_OPTIONS', () => given.suite.brisk({ cahce: {} } as never))
    same(error instanceof given.suite.BriskError, true, 'the class of the error')
  })

  check('$disconnect ends, and the client can be used again', async (given) => {
    const prisma = given.client().$extends(given.suite.brisk())
    await prisma.tag.count()
    await prisma.$disconnect()
    same(await prisma.tag.count(), 0)
  })
})
