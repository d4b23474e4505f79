import type { PrismaClient } from '../../prisma/client.ts'
import { demoCase, fewerStatements } from '../demo-case.ts'

const USERS = 100

/** A profile that every request reads: each user has made a first request, and makes a second. */
export const profileReads = demoCase<unknown[]>({
  name: `Read ${USERS} profiles a second time`,
  origin: 'read on every request; a hit rate above 80 % wished for',
  before: readProfiles,
  plain: readProfiles,
  judge: fewerStatements(0),
  remark: (plain, brisk) =>
    `${(brisk.milliseconds / USERS).toFixed(3)} ms a hit, ${(plain.milliseconds / USERS).toFixed(3)} ms a read of the database`,
})

async function readProfiles(prisma: Pick<PrismaClient, 'profile'>): Promise<unknown[]> {
  const profiles: unknown[] = []
  for (let userId = 1; userId <= USERS; userId++)
    profiles.push(await prisma.profile.findUnique({ where: { userId } }))
  return profiles
}
