import { brisk } from 'prisma-brisk'
import { useBench } from './support/bench.ts'
import { ownNamespace, settled, start } from './support/cached-client.ts'

const bench = useBench()
const minute = { cacheStrategy: { ttl: 60 } }

/** Leaves out some rows and changes others, so that nobody can tell whose the rows are that were stored. */
const trigger = `CREATE FUNCTION sift() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.name = 'tag 3' THEN RETURN NULL; END IF;
  NEW.name := md5(NEW.name);
  RETURN NEW;
END $$`

test('KC7 creates that fail with E_ROWS_NOT_TOLD_APART have stored rows: what is cached of their model is invalidated', async () => {
  await bench.base.$executeRawUnsafe(trigger)
  await bench.base.$executeRawUnsafe(
    'CREATE TRIGGER sift BEFORE INSERT ON "Tag" FOR EACH ROW EXECUTE FUNCTION sift()',
  )
  try {
    const { client, log } = bench.database.createRecordedClient()
    const prisma = client.$extends(
      brisk({
        batching: { writes: { create: true } },
        cache: { namespace: ownNamespace() },
        slowQuery: false,
      }),
    )
    const read = async () => ({
      count: await prisma.tag.count(minute),
      list: (await prisma.tag.findMany(minute)).length,
      unique: await prisma.tag.findUnique({ where: { id: 1 }, ...minute }),
    })
    expect(await read()).toEqual({ count: 0, list: 0, unique: null })
    await settled()
    log.clear()
    await read()
    expect(log.statements).toEqual([])
    const calls = [1, 2, 3, 4, 5, 6].map((id) =>
      start(prisma.tag.create({ data: { name: `tag ${id}` }, select: { id: true } })).then(
        () => 'fulfilled',
        (error: { code: string }) => error.code,
      ),
    )
    expect(await Promise.all(calls)).toEqual(calls.map(() => 'E_ROWS_NOT_TOLD_APART'))
    const stored = await bench.database.createClient().tag.findMany({ orderBy: { id: 'asc' } })
    expect(stored).toHaveLength(5)
    expect(await read()).toEqual({ count: 5, list: 5, unique: stored.find(({ id }) => id === 1) ?? null })
  } finally {
    await bench.base.$executeRawUnsafe('DROP FUNCTION sift CASCADE')
  }
})
