import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brisk, jsonLinesSink } from 'prisma-brisk'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

let database: TestDatabase<PrismaClient>
const directory = mkdtempSync(join(tmpdir(), 'brisk-disconnect-'))
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(async () => {
  await database.drop()
  rmSync(directory, { recursive: true })
})

test.each(['the extended client', 'the base client', 'a client that is extended further'])(
  'KR21 %s disconnects once deferred tasks are done and records are written',
  async (which) => {
    const file = join(directory, `${which}.ndjson`)
    const { client: base, log } = database.createRecordedClient()
    const prisma = base.$extends(brisk({ slowQuery: { threshold: 0.001, sinks: [jsonLinesSink(file)] } }))
    const child = prisma.$extends({ name: 'further' })
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    for (let index = 0; index < 5; index++) {
      void prisma.$deferred(async () => {
        await gate
        await prisma.tag.create({ data: { name: `${which} ${index}` } })
      })
    }
    const clients = [prisma, base, child] as unknown as { $disconnect(): Promise<void> }[]
    const index = ['the extended client', 'the base client', 'a client that is extended further'].indexOf(
      which,
    )
    const disconnected = clients[index]?.$disconnect()
    open()
    await disconnected
    const stored = await database.createClient().tag.count({ where: { name: { startsWith: which } } })
    expect(stored).toBe(5)
    expect(log.statements.length).toBeGreaterThan(0)
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(5)
  },
)

describe('KR21 a service as NestJS has it, whose client is a field of its own', () => {
  const withBrisk = (client: PrismaClient, file: string) =>
    client.$extends(brisk({ slowQuery: { threshold: 0.001, sinks: [jsonLinesSink(file)] } }))

  class PrismaService extends PrismaClient {
    readonly file = join(directory, `${this.constructor.name}.ndjson`)
    readonly db = withBrisk(this, this.file)

    onModuleDestroy() {
      return this.$disconnect()
    }
  }

  class ClosingService extends PrismaService {
    readonly told: string[] = []

    override async $disconnect(): Promise<void> {
      this.told.push('closing')
      await super.$disconnect()
      this.told.push('closed')
    }
  }

  test.each([
    ['disconnects itself', PrismaService],
    ['overrides $disconnect, and calls super', ClosingService],
  ])('%s: what was deferred is done, what was recorded is written', async (_, Service) => {
    const service = new Service({ adapter: new PrismaPg({ connectionString: database.url }) })
    const { name } = Service
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    for (let index = 0; index < 5; index++) {
      void service.db.$deferred(async () => {
        await gate
        await service.db.tag.create({ data: { name: `${name} ${index}` } })
      })
    }
    const destroyed = service.onModuleDestroy()
    open()
    await destroyed
    expect(await database.createClient().tag.count({ where: { name: { startsWith: name } } })).toBe(5)
    expect(readFileSync(service.file, 'utf8').trim().split('\n')).toHaveLength(5)
    if (service instanceof ClosingService) expect(service.told).toEqual(['closing', 'closed'])
  })
})
