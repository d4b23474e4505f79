/** An application that tests of each runner call; see recording.test.ts. */
import { PrismaPg } from '@prisma/adapter-pg'
import { brisk, runRequest } from 'prisma-brisk'
import { PrismaClient } from '../../../../../prisma/generated/postgresql-js/client.js'

export const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env['APPLICATION_DATABASE'], max: 2 }),
}).$extends(brisk({ slowQuery: { sinks: [] }, cache: false }))

/** Whether a fault is planted, as a change to the application would. */
const has = (fault) => (process.env['PLANTED'] ?? '').split(' ').includes(fault)

/** Conversations with their users: in two statements, or one more for each row. */
export async function feed() {
  const conversations = await prisma.conversation.findMany({ orderBy: { id: 'asc' }, take: 5 })
  const users = []
  if (has('loop'))
    for (const { userId } of conversations)
      users.push(await prisma.user.findUnique({ where: { id: userId } }))
  else
    users.push(
      ...(await prisma.user.findMany({ where: { id: { in: conversations.map((each) => each.userId) } } })),
    )
  if (has('more')) await prisma.tag.count()
  if (has('twice')) await prisma.conversation.findMany({ orderBy: { id: 'asc' }, take: 5 })
  return { conversations, users }
}

/** Users by a part of their name, and by what no index begins with. */
export async function search(name) {
  if (has('scan')) return prisma.user.findMany({ where: { name }, take: 10 })
  if (has('list'))
    return prisma.user.findMany({ where: { email: { startsWith: name } }, unbounded: 'planted' })
  return prisma.user.findMany({ where: { email: { startsWith: name } }, take: 10 })
}

/** What batching merges, or not, as the moment has it. */
export function together(ids) {
  return Promise.all(
    ids.map(async (id) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
      return prisma.user.findUnique({ where: { id } })
    }),
  )
}

export function job() {
  return runRequest({ name: 'nightly digest' }, () => prisma.tag.findMany({ take: 3 }))
}

/** A secret that must be nowhere in what is recorded. */
export function lookUp(secret) {
  return prisma.user.findMany({ where: { name: secret, email: { contains: secret } }, take: 1 })
}
