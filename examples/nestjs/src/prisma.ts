import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import { PrismaPg } from '@prisma/adapter-pg'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../../prisma/generated/postgresql-cjs/client'

function createClient() {
  const adapter = new PrismaPg({ connectionString: process.env['DATABASE_URL'] })
  return new PrismaClient({ adapter }).$extends(brisk({ cache: { models: { User: { ttl: 60 } } } }))
}

/** An extended client is a value, not a class, so the service holds it instead of extending it. */
@Injectable()
export class Prisma implements OnModuleDestroy {
  readonly client = createClient()

  async onModuleDestroy(): Promise<void> {
    await this.client.$disconnect()
  }
}
