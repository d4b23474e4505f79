import type { Profile } from '../../prisma/generated/postgresql/client.ts'
import type { PrismaClient } from '../../prisma/client.ts'
import { demoCase, tooMany } from '../demo-case.ts'

interface TwoPasses {
  profiles: (Profile | null)[]
  /** Of the second pass, for each read. */
  millisecondsAgain: number
}

const USERS = 200

/** A profile that every request reads: 200 users make a first request, then a second. */
export const profileReads = demoCase<TwoPasses>({
  name: `Read ${USERS} profiles, then again`,
  origin: 'read on every request; a hit rate above 80 % wished for',
  plain: readTwice,
  witness: async (_prisma, { profiles }) => profiles,
  judge: (plain, brisk) => {
    const hit = brisk.result.millisecondsAgain
    const read = plain.result.millisecondsAgain
    if (hit >= 1 || hit >= read) return `${hit.toFixed(2)} ms a hit, ${read.toFixed(2)} ms a plain read`
    return tooMany(brisk, USERS)
  },
  remark: (plain, brisk) =>
    `second pass: ${2 * USERS - brisk.statements} of ${USERS} reads from the cache, ` +
    `${brisk.result.millisecondsAgain.toFixed(3)} ms each (plain: ${plain.result.millisecondsAgain.toFixed(3)} ms)`,
})

async function readTwice(prisma: Pick<PrismaClient, 'profile'>): Promise<TwoPasses> {
  const first = await readAll(prisma)
  const started = performance.now()
  const second = await readAll(prisma)
  return { profiles: [...first, ...second], millisecondsAgain: (performance.now() - started) / USERS }
}

async function readAll(prisma: Pick<PrismaClient, 'profile'>): Promise<(Profile | null)[]> {
  const profiles: (Profile | null)[] = []
  for (let userId = 1; userId <= USERS; userId++)
    profiles.push(await prisma.profile.findUnique({ where: { userId } }))
  return profiles
}
