import { batching } from '@prisma-brisk/batching'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { started } from './support/started.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('arguments on %s', (provider) => {
  test.each([
    ['straight from the client', <Client>(client: Client) => client],
    ['through the hook of another extension', hooked],
  ])(
    'KB1 a buffer that is used again, %s, asks for and stores what it held when the call was made',
    async (_, way) => {
      const database = await createDatabase(provider as 'postgresql', { schema: 'key-types' })
      try {
        let slow: Promise<void> = Promise.resolve()
        const { client } = database.createRecordedClient({
          adapter: database.adapter({ connections: 4 }),
          before: () => slow,
        })
        const prisma = way(client).$extends(batching({ writes: { create: true } }))
        const buffer = Buffer.alloc(2)
        /** Begins a call for each number, in one tick. */
        const forEach = async <T>(call: (number: number) => PromiseLike<T>): Promise<T[]> => {
          const calls: Promise<T>[] = []
          for (const number of [1, 2, 3, 4]) {
            buffer[0] = number
            calls.push(started(call(number)))
            for (let job = 0; job < 40; job++) await Promise.resolve()
          }
          return Promise.all(calls)
        }
        await forEach((number) => prisma.made.create({ data: { code: `row ${number}`, bytes: buffer } }))
        const stored = await client.made.findMany({ orderBy: { code: 'asc' } })
        expect(stored.map(({ code, bytes }) => [code, bytes?.[0]])).toEqual(
          [1, 2, 3, 4].map((number) => [`row ${number}`, number]),
        )
        const found = await forEach(() => prisma.made.findMany({ where: { bytes: buffer } }))
        expect(found.map((rows) => rows.map(({ code }) => code))).toEqual(
          [1, 2, 3, 4].map((number) => [`row ${number}`]),
        )
        // Calls that wait for a flight of their shape, longer than a tick.
        let release: () => void = () => undefined
        slow = new Promise<void>((resolve) => (release = resolve))
        const waiting: Promise<{ code: string | null }[]>[] = []
        for (const number of [1, 2, 3, 4]) {
          buffer[0] = number
          waiting.push(started(prisma.made.findMany({ where: { bytes: buffer } })))
          await new Promise((resolve) => setImmediate(resolve))
        }
        buffer[0] = 0
        release()
        expect((await Promise.all(waiting)).map((rows) => rows.map(({ code }) => code))).toEqual(
          [1, 2, 3, 4].map((number) => [`row ${number}`]),
        )
      } finally {
        await database.drop()
      }
    },
  )
})
