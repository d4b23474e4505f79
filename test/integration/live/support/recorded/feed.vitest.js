import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest'
import { feed, job, prisma, search, together } from './feed.js'

beforeAll(async () => void (await prisma.tag.count()))
afterAll(() => prisma.$disconnect())

describe('feed', () => {
  beforeEach(async () => void (await prisma.tag.findFirst({ where: { id: 1 } })))
  test('shows conversations', () => feed())
  test('finds users', () => search('a'))
  test('asks together', () => together([1, 2, 3]))
})
describe('jobs', () => {
  test('run by themselves', () => job())
  test.concurrent('run beside each other', () => search('b'))
  test.concurrent('run beside others', () => feed())
})
