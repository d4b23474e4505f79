import { checks, conversation, outcome, people, same, type Given } from './checks.ts'

/** Authors of so many messages each: the key of lists, counts and first rows. */
async function authors(given: Given, ...sizes: number[]): Promise<number[]> {
  const ids = await people(given, ...sizes.map((_, index) => `u${index}`))
  for (const [index, size] of sizes.entries()) await conversation(given, `c${index}`, ids[index]!, size)
  return ids
}

/** Classes of so many movements each: an index begins with their key, so that first rows of each are merged. */
async function classes(given: Given, ...sizes: number[]): Promise<number[]> {
  const [userId] = await people(given, 'ada')
  const ids: number[] = []
  for (const size of sizes) {
    const positions = Array.from({ length: size }, (_, position) => position)
    const { id } = await given.caretaker.classSession.create({
      data: { userId: userId!, style: 's', minutes: size },
    })
    await given.caretaker.movement.createMany({
      data: positions.map((position) => {
        return {
          classId: id,
          userId: userId!,
          position,
          name: `p${position}`,
          muscleGroup: 'core',
          seconds: 1,
        }
      }),
    })
    ids.push(id)
  }
  return ids
}

export const batchingChecks = checks('batching', (check) => {
  check('B1 ids asked in one tick are answered in call order, from one statement', async (given) => {
    const { client, log } = given.watched()
    const [a, b, c] = await people(given, 'a', 'b', 'c')
    const prisma = client.$extends(given.suite.batching())
    log.clear()
    const rows = await Promise.all([c!, a!, b!].map((id) => prisma.user.findUnique({ where: { id } })))
    same(
      rows.map((row) => row?.name),
      ['c', 'a', 'b'],
    )
    same(log.statements.length, 1, 'statements')
  })

  check('B2 one id asked twice gives two separate objects', async (given) => {
    const base = given.client()
    const [id] = await people(given, 'ada')
    const prisma = base.$extends(given.suite.batching())
    const read = () => prisma.user.findUnique({ where: { id: id! } })
    const [one, two] = await Promise.all([read(), read()])
    one!.name = 'changed'
    same(two!.name, 'ada')
  })

  check('B3 a key that was not selected is not in the answer', async (given) => {
    const base = given.client()
    const ids = await people(given, 'a', 'b')
    const prisma = base.$extends(given.suite.batching())
    const rows = await Promise.all(
      ids.map((id) => prisma.user.findUnique({ where: { id }, select: { role: true, name: true } })),
    )
    same(rows, [
      { role: 'STUDENT', name: 'a' },
      { role: 'STUDENT', name: 'b' },
    ])
  })

  check('B4 lists by a foreign key become one statement, each in its order', async (given) => {
    const { client, log } = given.watched()
    const prisma = client.$extends(given.suite.batching())
    const [a, , c] = await authors(given, 3, 3, 3)
    const lists = await Promise.all(
      [c!, a!, -1].map((authorId) =>
        prisma.message.findMany({ where: { authorId }, orderBy: { id: 'desc' } }),
      ),
    )
    same(
      lists.map((list) => list.map(({ conversationId, body }) => conversationId + body)),
      [['c2m2', 'c2m1', 'c2m0'], ['c0m2', 'c0m1', 'c0m0'], []],
    )
    same(log.statements.length, 1, 'statements')
  })

  check('B7 undefined and {} are passed through', async (given) => {
    const base = given.client()
    await people(given, 'a', 'b')
    const prisma = base.$extends(given.suite.batching())
    const [all, none] = await Promise.all([
      prisma.user.findMany({
        where: { tutorId: undefined },
        orderBy: { name: 'asc' },
        select: { name: true },
      }),
      prisma.user.findMany({ where: { tutorId: null }, orderBy: { name: 'asc' }, select: { name: true } }),
    ])
    same(
      [all, none],
      [
        [{ name: 'a' }, { name: 'b' }],
        [{ name: 'a' }, { name: 'b' }],
      ],
    )
  })

  check('B8 a wrong type rejects its own caller alone', async (given) => {
    const base = given.client()
    const [id] = await people(given, 'ada')
    const prisma = base.$extends(given.suite.batching())
    const bad = { where: { id: 'one' as never } }
    const [good, failed] = await Promise.all([
      prisma.user.findUnique({ where: { id: id! } }),
      outcome(() => prisma.user.findUnique(bad)),
    ])
    same(good?.name, 'ada')
    same(failed, await outcome(() => base.user.findUnique(bad)))
  })

  check('B12 a composite key with a constant member is one statement', async (given) => {
    const { client, log } = given.watched()
    const [owner, ...members] = await people(given, 'o', 'a', 'b', 'c')
    const { id: workshopId } = await client.workshop.create({ data: { ownerId: owner!, title: 'w' } })
    await client.workshopMember.createMany({ data: members.map((userId) => ({ workshopId, userId })) })
    const prisma = client.$extends(given.suite.batching())
    log.clear()
    const rows = await Promise.all(
      members.map((userId) =>
        prisma.workshopMember.findUnique({ where: { workshopId_userId: { userId, workshopId } } }),
      ),
    )
    same(
      rows.map((row) => row?.userId),
      members,
    )
    same(log.statements.length, 1, 'statements')
  })

  check('B15 another selection is another statement', async (given) => {
    const { client, log } = given.watched()
    const [a, b] = await people(given, 'a', 'b')
    const prisma = client.$extends(given.suite.batching())
    log.clear()
    const [first, second] = await Promise.all([
      prisma.user.findUnique({ where: { id: a! }, select: { name: true } }),
      prisma.user.findUnique({ where: { id: b! }, select: { email: true } }),
    ])
    same([first, second], [{ name: 'a' }, { email: 'b@example.org' }])
    same(log.statements.length, 2, 'statements')
  })

  check('B16 take for each parent is as unbatched, and reads no more rows', async (given) => {
    const { client, log } = given.watched()
    const prisma = client.$extends(given.suite.batching())
    const ids = await classes(given, 0, 1, 2, 9)
    const read = (from: typeof client, classId: number) =>
      from.movement.findMany({ where: { classId }, orderBy: { position: 'desc' }, take: 2 })
    const expected = []
    for (const id of ids) expected.push(await read(given.caretaker, id))
    same(await Promise.all(ids.map((id) => read(prisma as never, id))), expected)
    const rows = log.statements.reduce((sum, each) => sum + Math.max(0, each.rows), 0)
    same({ statements: log.statements.length <= 2, rows: rows <= 10 }, { statements: true, rows: true })
  })

  check('B18 findFirst by a key with an order is merged', async (given) => {
    const { client, log } = given.watched()
    const prisma = client.$extends(given.suite.batching())
    const ids = await classes(given, 3, 3, 3)
    const rows = await Promise.all(
      ids.map((classId) => prisma.movement.findFirst({ where: { classId }, orderBy: { position: 'desc' } })),
    )
    same(
      rows.map((row) => row?.position),
      [2, 2, 2],
    )
    same(log.statements.length <= 2, true, 'at most two statements')
  })

  check('B20 count and aggregate by a key are one statement each', async (given) => {
    const { client, log } = given.watched()
    const prisma = client.$extends(given.suite.batching())
    const ids = await authors(given, 4, 0)
    const counts = await Promise.all(ids.map((authorId) => prisma.message.count({ where: { authorId } })))
    same([counts, log.statements.length], [[4, 0], 1])
    log.clear()
    const sums = await Promise.all(
      ids.map((authorId) =>
        prisma.message.aggregate({ where: { authorId }, _count: true, _sum: { tokens: true } }),
      ),
    )
    same(
      [sums.map(({ _count, _sum }) => [_count, _sum.tokens]), log.statements.length],
      [
        [
          [4, 3],
          [0, null],
        ],
        1,
      ],
    )
  })

  check('B21 OrThrow that finds nothing rejects its own caller, as plain Prisma does', async (given) => {
    const base = given.client()
    const [id] = await people(given, 'ada')
    const prisma = base.$extends(given.suite.batching())
    const [found, missed] = await Promise.all([
      prisma.user.findUniqueOrThrow({ where: { id: id! } }),
      outcome(() => prisma.user.findUniqueOrThrow({ where: { id: -1 } })),
    ])
    same(found.name, 'ada')
    same(missed, await outcome(() => base.user.findUniqueOrThrow({ where: { id: -1 } })))
  })

  check(
    'B22 a transaction never merges with calls outside',
    async (given) => {
      const base = given.client()
      const ids = await people(given, 'a', 'b', 'c')
      const prisma = base.$extends(given.suite.batching())
      const names = await prisma.$transaction(async (tx) => {
        await tx.user.updateMany({ data: { name: 'inside' } })
        const rows = await Promise.all(ids.map((id) => tx.user.findUnique({ where: { id } })))
        return rows.map((row) => row?.name)
      })
      same(names, ['inside', 'inside', 'inside'])
      same(prisma.$batching.stats().batched, 3, 'calls merged within the transaction')
    },
    'transactions',
  )

  check('B23 members of $transaction([…]) pass through and keep their order', async (given) => {
    const base = given.client()
    const ids = await people(given, 'a', 'b')
    const prisma = base.$extends(given.suite.batching())
    const rows = await prisma.$transaction(ids.map((id) => prisma.user.findUnique({ where: { id } })))
    same(
      rows.map((row) => row?.name),
      ['a', 'b'],
    )
  })

  check('B26 calls of another scope never share a statement', async (given) => {
    const { client, log } = given.watched()
    const [a, b] = await people(given, 'a', 'b')
    let tenant = 0
    const prisma = client.$extends(given.suite.batching({ scope: () => ++tenant }))
    log.clear()
    await Promise.all([a!, b!].map((id) => prisma.user.findFirst({ where: { id } })))
    same(log.statements.length, 2, 'statements')
  })

  check('B30 more keys than one statement can bind become several', async (given) => {
    const { client, log } = given.watched()
    const [id] = await people(given, 'ada')
    const prisma = client.$extends(given.suite.batching({ maxBatchSize: 90 }))
    await prisma.tag.count() // the driver says what it can bind once it is connected
    log.clear()
    const rows = await Promise.all(
      Array.from({ length: 350 }, (_, index) => prisma.user.findUnique({ where: { id: id! + index } })),
    )
    same([rows.length, rows[0]?.name, rows.filter(Boolean).length, log.statements.length], [350, 'ada', 1, 4])
  })

  check('B32 a lone call is sent as plain Prisma sends it', async (given) => {
    const { client, log } = given.watched()
    const prisma = client.$extends(given.suite.batching())
    const sql = async (from: typeof client) => {
      log.clear()
      await from.user.findFirst({ where: { name: 'ada' }, orderBy: { id: 'asc' } })
      await from.user.findUnique({ where: { id: 1 }, include: { profile: true } })
      return log.sql()
    }
    const plain = await sql(client)
    same(await sql(prisma as never), plain)
  })

  check('B35 calls that come while a batch is in flight make the next one', async (given) => {
    const { client, log } = given.watched()
    const ids = await people(given, ...Array.from({ length: 40 }, (_, index) => `u${index}`))
    const prisma = client.$extends(given.suite.batching())
    log.clear()
    await Promise.all(
      ids.map(async (id) => {
        const user = await prisma.user.findUnique({ where: { id } })
        await prisma.conversation.findMany({ where: { userId: user!.id } })
      }),
    )
    same(log.statements.length <= 10, true, `${log.statements.length} statements for 80 calls, at most ten`)
  })

  check('B36 concurrent creates become one INSERT, and each caller has its row', async (given) => {
    const { client, log } = given.watched()
    const [id] = await people(given, 'ada')
    const prisma = client.$extends(given.suite.batching({ writes: { create: true } }))
    log.clear()
    const rows = await Promise.all(
      ['a', 'b', 'c'].map((title) => prisma.conversation.create({ data: { title, userId: id! } })),
    )
    same(
      rows.map(({ title }) => title),
      ['a', 'b', 'c'],
    )
    same(new Set(rows.map((row) => row.id)).size, 3, 'ids')
    same(log.statements.filter(({ sql }) => /^insert/i.test(sql)).length, 1, 'INSERT statements')
  })

  check('B13 equal reads of any kind are read once, each caller with a copy', async (given) => {
    const { client, log } = given.watched()
    await people(given, 'a', 'b')
    const prisma = client.$extends(given.suite.batching())
    log.clear()
    const read = () =>
      prisma.user.findMany({ where: { OR: [{ name: 'a' }, { name: 'b' }] }, orderBy: { name: 'asc' } })
    const [one, two] = await Promise.all([read(), read()])
    same(one, two)
    same([one === two, one[0] === two[0], log.statements.length], [false, false, 1])
  })
})
