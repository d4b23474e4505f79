/** The demo domain's client for PostgreSQL: plain Prisma, as an application would generate it. */
export { Prisma, PrismaClient } from './generated/postgresql/client.ts'
