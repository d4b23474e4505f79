import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { extended } from './database.ts'
import { createService } from './service.ts'

const url = process.env['DATABASE_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/tutor_chat'
const prisma = extended(new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) }), url)
await prisma.$cache.untilLive()
createService(prisma).listen(3000, () => console.log('http://localhost:3000/exercises/fractions'))
