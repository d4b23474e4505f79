import { cache, type CacheStore } from '@prisma-brisk/cache'
import { slowQuery } from '@prisma-brisk/slow-query'
import { createDatabase } from '../../support/databases.ts'

/** A script in which nothing else keeps the process alive, and somebody never answers; says how far it has come. */

const never = (): Promise<never> => new Promise(() => undefined)
const silentStore: CacheStore = {
  name: 'silent',
  lookup: never,
  observe: never,
  write: never,
  remove: never,
  invalidate: never,
}

const database = await createDatabase('sqlite')
const base = database.createClient()
await base.tag.create({ data: { name: 'one' } })
if (process.argv[2] === 'sink') {
  const prisma = base.$extends(slowQuery({ threshold: 0.001, sinks: [{ write: never }] }))
  await prisma.tag.count()
  await prisma.$disconnect()
} else {
  const prisma = base.$extends(cache({ store: silentStore }))
  await prisma.tag.findMany({ cacheStrategy: { ttl: 60 } })
  await prisma.tag.create({ data: { name: 'two' } })
  await prisma.$disconnect()
}
process.stdout.write('ended')
