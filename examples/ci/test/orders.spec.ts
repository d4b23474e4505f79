import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../generated/client.ts'
import { customerOf, newestOrders } from '../src/orders.ts'

const database = new PGlite()
const prisma = new PrismaClient({ adapter: new PrismaPGlite(database) }).$extends(brisk())

before(async () => {
  const migration = new URL('../prisma/migrations/20250101000000_init/migration.sql', import.meta.url)
  await database.exec(readFileSync(migration, 'utf8'))
  const { id: customerId } = await prisma.customer.create({ data: { email: 'ada@example.com' } })
  for (const sku of ['pen', 'paper', 'ink'])
    await prisma.order.create({ data: { customerId, lines: { create: { sku, quantity: 1 } } } })
})
after(async () => {
  await prisma.$disconnect()
  await database.close()
})

void test('a customer is found by email', async () => {
  assert.equal((await customerOf(prisma, 'ada@example.com'))?.id, 1)
})

void test('the newest orders have their lines', async () => {
  const orders = await newestOrders(prisma, 1)
  assert.deepEqual(
    orders.map(({ lines }) => lines.length),
    [1, 1, 1],
  )
})
