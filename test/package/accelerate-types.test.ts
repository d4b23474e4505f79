import { TypedProject } from './typed-project.ts'

/** A program that is written for Accelerate's extension says the same to the compiler with ours: only the import differs. */

let project: TypedProject
beforeAll(() => {
  project = new TypedProject()
  project.use('@prisma/extension-accelerate')
  project.useDemoClient()
})
afterAll(() => project.remove())

const head = (module: string) => `import {
  withAccelerate, type AccelerateInfo, type AccelerateInvalidateInput, type AcceleratePromise, type PrismaCacheStrategy,
} from '${module}'
import { Prisma, PrismaClient, type User } from './generated/client.ts'

declare const adapter: never
const base = new PrismaClient({ adapter })
const prisma = base.$extends(withAccelerate())
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function yes<T extends true>(): T | void {}
type Of<P> = P extends AcceleratePromise<infer T> ? T : never
`

const PROGRAM = `
const cacheStrategy: PrismaCacheStrategy['cacheStrategy'] = { ttl: 60, swr: 30, tags: ['team_7'] }
const where = { id: 1 }

// What a read gives, alone and with its information.
{
  const users = await prisma.user.findMany({ where, cacheStrategy })
  yes<Same<(typeof users)[number]['email'], string>>()
  const assigned: User[] = users
  const { data, info } = await prisma.user.findMany({ where, cacheStrategy }).withAccelerateInfo()
  const again: User[] = data
  const known: AccelerateInfo | null = info
  yes<Same<typeof info, AccelerateInfo | null>>()
  void [assigned, again, known]
}
{
  const one: User | null = await prisma.user.findUnique({ where, cacheStrategy })
  const first: User | null = await prisma.user.findFirst({ cacheStrategy })
  const sure: User = await prisma.user.findUniqueOrThrow({ where, cacheStrategy })
  const firstSure: User = await prisma.user.findFirstOrThrow({ cacheStrategy })
  const informed: { data: User | null } = await prisma.user.findUnique({ where }).withAccelerateInfo()
  const informedFirst: { data: User | null } = await prisma.user.findFirst().withAccelerateInfo()
  const informedSure: { data: User } = await prisma.user.findUniqueOrThrow({ where }).withAccelerateInfo()
  const informedFirstSure: { data: User } = await prisma.user.findFirstOrThrow().withAccelerateInfo()
  // @ts-expect-error: there may be none
  const wrong: User = await prisma.user.findUnique({ where, cacheStrategy })
  // @ts-expect-error: nor with its information
  const wrongToo: { data: User } = await prisma.user.findFirst().withAccelerateInfo()
  void [one, first, sure, firstSure, informed, informedFirst, informedSure, informedFirstSure, wrong, wrongToo]
}
{
  const { data } = await prisma.user.findMany({ select: { email: true }, cacheStrategy }).withAccelerateInfo()
  yes<Same<(typeof data)[number], { email: string }>>()
  const { data: including } = await prisma.user.findFirstOrThrow({ include: { profile: true }, cacheStrategy }).withAccelerateInfo()
  yes<Same<NonNullable<(typeof including)['profile']>['displayName'], string>>()
}
{
  const count: number = await prisma.user.count({ cacheStrategy })
  const { data: counted } = await prisma.user.count({ cacheStrategy }).withAccelerateInfo()
  yes<Same<typeof counted, number>>()
  const { data: sums } = await prisma.user.aggregate({ _count: true, _max: { createdAt: true }, cacheStrategy }).withAccelerateInfo()
  yes<Same<(typeof sums)['_count'], number>>()
  yes<Same<(typeof sums)['_max']['createdAt'], Date | null>>()
  void count
}

// The information.
{
  const { info } = await prisma.user.count().withAccelerateInfo()
  if (info !== null) {
    yes<Same<(typeof info)['cacheStatus'], 'ttl' | 'swr' | 'miss' | 'none'>>()
    yes<Same<(typeof info)['lastModified'], Date>>()
    const texts: string[] = [info.region, info.requestId, info.signature]
    void texts
    // @ts-expect-error: no such status
    void (info.cacheStatus === 'hit')
  }
}

// Promises are Prisma's, so that they are members of an array transaction.
{
  const promise: Prisma.PrismaPromise<number> = prisma.user.count({ cacheStrategy })
  const informed: Prisma.PrismaPromise<{ data: number; info: AccelerateInfo | null }> = prisma.user.count({ cacheStrategy }).withAccelerateInfo()
  const [count, { data, info }] = await prisma.$transaction([prisma.user.count(), prisma.user.findMany().withAccelerateInfo()])
  const users: User[] = data
  void [promise, informed, count, users, info]
  const counting = prisma.user.count()
  yes<Same<Of<typeof counting>, number>>()
  await prisma.$transaction(async (tx) => {
    const { data } = await tx.user.findMany({ cacheStrategy }).withAccelerateInfo()
    const inside: User[] = data
    void inside
  })
}

// $accelerate.
{
  const input: AccelerateInvalidateInput = { tags: ['team_7'] }
  const answers: { requestId: string }[] = [await prisma.$accelerate.invalidate(input), await prisma.$accelerate.invalidateAll()]
  void answers
  // @ts-expect-error: a list of tags
  void prisma.$accelerate.invalidate({ tags: 'team_7' })
  // @ts-expect-error: tags are needed
  void prisma.$accelerate.invalidate({})
  // @ts-expect-error: there is nothing to say
  void prisma.$accelerate.invalidateAll({ tags: ['team_7'] })
}

// What is refused.
{
  // @ts-expect-error: writes take no strategy
  void prisma.user.update({ where, data: { name: 'Ada' }, cacheStrategy })
  // @ts-expect-error: writes have no information
  void prisma.user.delete({ where }).withAccelerateInfo()
  // @ts-expect-error: seconds are numbers
  void prisma.user.findMany({ cacheStrategy: { ttl: '60' } })
  // @ts-expect-error: tags are texts
  void prisma.user.findMany({ cacheStrategy: { tags: [7] } })
  // @ts-expect-error: no such field
  void prisma.user.findMany({ where: { nobody: 1 }, cacheStrategy })
  // @ts-expect-error: no such argument
  void prisma.user.findMany({ wher: {}, cacheStrategy })
  // @ts-expect-error: a unique key is needed
  void prisma.user.findUnique({ cacheStrategy })
}

// Options, and extensions around it.
withAccelerate({ fetch: (input, init) => fetch(input as string, init as object) })
{
  const method = Prisma.defineExtension({
    model: { $allModels: { async exists<T>(this: T, where: Prisma.Args<T, 'findFirst'>['where']): Promise<boolean> { return where !== undefined } } },
  })
  const computed = Prisma.defineExtension({ result: { user: { shout: { needs: { name: true }, compute: ({ name }) => name.toUpperCase() } } } })
  const around = base.$extends(computed).$extends(withAccelerate()).$extends(method)
  const { data } = await around.user.findFirstOrThrow({ cacheStrategy }).withAccelerateInfo()
  yes<Same<(typeof data)['shout'], string>>()
  const exists: boolean = await around.user.exists({ name: 'Ada' })
  void exists
}
`

/** What only ours gives: the suite beside it, whatever stands before and behind, and fluent reads. */
const OURS = `import { cache } from '@prisma-brisk/cache'
import type { Role } from './generated/client.ts'
import { pagination } from '@prisma-brisk/pagination'
import { brisk } from 'prisma-brisk'
import { withAccelerate as sameUnderTheSuite } from 'prisma-brisk/accelerate'
${PROGRAM}
// Accelerate's own types do not follow these.
{
  const { data: leaving } = await prisma.user.findFirstOrThrow({ omit: { email: true }, cacheStrategy }).withAccelerateInfo()
  yes<Same<'email' extends keyof typeof leaving ? true : false, false>>()
  const { data: fields } = await prisma.user.count({ select: { _all: true, name: true }, cacheStrategy }).withAccelerateInfo()
  yes<Same<(typeof fields)['name'], number>>()
  const { data: groups } = await prisma.user.groupBy({ by: ['role'], _count: true, cacheStrategy }).withAccelerateInfo()
  yes<Same<(typeof groups)[number]['role'], Role>>()
}
for (const db of [
  base.$extends(brisk()).$extends(withAccelerate()),
  base.$extends(withAccelerate()).$extends(pagination()),
]) {
  const { data } = await db.user.findMany({ where, cacheStrategy, unbounded: 'export' }).withAccelerateInfo()
  yes<Same<(typeof data)[number]['email'], string>>()
  const page = await db.user.cursorPage({ first: 3, cacheStrategy })
  void [page, db.$cache.stats()]
}
{
  const db = base.$extends(cache()).$extends(sameUnderTheSuite({ region: 'fra1' }))
  void db.user.findMany({ cacheStrategy: { ttl: 60, staleIfError: 600 } }).withAccelerateInfo()
  void db.user.findMany({ cacheStrategy: false }).withAccelerateInfo()
  const profile = await prisma.user.findUnique({ where }).profile()
  yes<Same<NonNullable<typeof profile>['displayName'], string>>()
  // @ts-expect-error: without it there is no such method
  void base.$extends(cache()).user.findMany().withAccelerateInfo()
  // @ts-expect-error: no such option
  withAccelerate({ regions: 'fra1' })
}
`

test.each([
  ['Accelerate’s own extension', '@prisma/extension-accelerate', PROGRAM],
  ['ours', '@prisma-brisk/cache/accelerate', OURS],
  ['ours, from the suite', 'prisma-brisk/accelerate', PROGRAM],
])('the program is right with %s', async (_, module, program) => {
  project.write({ 'main.ts': head(module) + program })
  expect((await project.check(['main.ts'])).output).toBe('')
})
