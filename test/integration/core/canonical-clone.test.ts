import { PrismaPg } from '@prisma/adapter-pg'
import { canonicalize } from '@prisma-brisk/core'
import fc from 'fast-check'
import { prismaArgs } from '../../../packages/core/test/support/prisma-values.ts'
import { PrismaClient } from '../../../prisma/client.ts'

// The hook answers by itself, so that nothing is ever sent: no server is needed.
const base = new PrismaClient({ adapter: new PrismaPg({ connectionString: 'postgres://nowhere' }) })
let received: unknown
const client = base.$extends({
  query: {
    $allOperations({ args }) {
      received = args
      return Promise.resolve([])
    },
  },
})

/** Takes whatever it is given: these arguments are not for the database. */
const find: (args: object) => Promise<unknown> = (args) => client.user.findMany(args)

const RUNS = Number(process.env['BRISK_SEEDS'] ?? 300)

test('arguments are canonically equal to the copies that Prisma hands to hooks', async () => {
  await fc.assert(
    fc.asyncProperty(prismaArgs, async (args) => {
      // As a name of the arguments themselves it becomes the copy's prototype: what is sent differs then.
      fc.pre(!Object.hasOwn(args, '__proto__'))
      await find(args)
      expect(received).not.toBe(args)
      expect(canonicalize(received)).toBe(canonicalize(args))
    }),
    { numRuns: RUNS },
  )
})

test('a field reference is one wherever it stands, and another field’s is another', async () => {
  const where = { name: { equals: base.user.fields.email } }
  await client.user.findMany({ where })
  expect(canonicalize(received)).toBe(canonicalize({ where }))
  expect(canonicalize(received)).not.toBe(
    canonicalize({ where: { name: { equals: base.user.fields.name } } }),
  )
  expect(canonicalize(base.user.fields.id)).not.toBe(canonicalize(base.profile.fields.id))
})

test('raw statements are canonically equal to their copies', async () => {
  await client.$queryRaw`SELECT ${1}, ${new Date(5)}`
  const template = canonicalize(received)
  await client.$queryRaw`SELECT ${1}, ${new Date(5)}`
  expect(canonicalize(received)).toBe(template)
  await client.$queryRaw`SELECT ${2}, ${new Date(5)}`
  expect(canonicalize(received)).not.toBe(template)
  await client.$queryRawUnsafe('SELECT $1', { b: 1, a: 2 })
  expect(canonicalize(received)).toBe(canonicalize(['SELECT $1', { b: 1, a: 2 }]))
})
