import 'reflect-metadata'
import type { INestApplication } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { AppModule } from '../src/app.module'
import { Prisma } from '../src/prisma'

let application: INestApplication
let url: string

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile()
  application = module.createNestApplication()
  await application.listen(0)
  url = await application.getUrl()
  const { client } = application.get(Prisma)
  await client.user.createMany({
    data: Array.from({ length: 30 }, (_, index) => ({
      id: index + 1,
      name: `User ${index + 1}`,
      email: `user${index + 1}@example.org`,
      createdAt: new Date(Date.UTC(2025, 0, 1 + (index % 5))),
    })),
  })
})
afterAll(() => application.close())

interface Page {
  items: { id: number }[]
  pageInfo: { hasNextPage: boolean; endCursor: string }
}
const get = async <T>(path: string) => (await fetch(`${url}${path}`)).json() as Promise<T>

test('lists users page by page, each once', async () => {
  const first = await get<Page>('/users')
  const second = await get<Page>(`/users?after=${encodeURIComponent(first.pageInfo.endCursor)}`)
  expect([first.items.length, first.pageInfo.hasNextPage]).toEqual([20, true])
  expect([second.items.length, second.pageInfo.hasNextPage]).toEqual([10, false])
  expect(new Set([...first.items, ...second.items].map((user) => user.id)).size).toBe(30)
})

test('answers a user from memory the second time, and anew after a write', async () => {
  const { client } = application.get(Prisma)
  await get('/users/1')
  const before = client.$cache.stats().hits
  expect(await get('/users/1')).toEqual({ id: 1, name: 'User 1' })
  expect(client.$cache.stats().hits).toBe(before + 1)
  await client.user.update({ where: { id: 1 }, data: { name: 'Ada' } })
  expect(await get('/users/1')).toEqual({ id: 1, name: 'Ada' })
})
