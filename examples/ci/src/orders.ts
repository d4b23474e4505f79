import type { PrismaClient } from '../generated/client.ts'

/** A customer's newest orders with their lines: one call, whatever the number of orders. */
export function newestOrders(prisma: Pick<PrismaClient, 'order'>, customerId: number) {
  return prisma.order.findMany({
    where: { customerId },
    orderBy: { placedAt: 'desc' },
    include: { lines: true },
    take: 20,
  })
}

export function customerOf(prisma: Pick<PrismaClient, 'customer'>, email: string) {
  return prisma.customer.findUnique({ where: { email } })
}
