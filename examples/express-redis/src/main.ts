import { PrismaPg } from '@prisma/adapter-pg'
import { Redis } from 'ioredis'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createApp } from './app.ts'
import { extended } from './database.ts'

const {
  DATABASE_URL = 'postgresql://postgres@127.0.0.1:5432/postgres',
  REDIS_URL = 'redis://127.0.0.1:6379',
} = process.env
const redis = new Redis(REDIS_URL)
// Without Redis the API is slower, not down.
redis.on('error', (error) => console.error(`redis: ${error.message}`))
const prisma = extended(
  new PrismaClient({ adapter: new PrismaPg({ connectionString: DATABASE_URL }) }),
  redis,
)

createApp(prisma).listen(3000, () => console.log('http://localhost:3000/dashboard'))
