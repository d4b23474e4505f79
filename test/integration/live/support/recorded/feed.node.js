import { after, before, beforeEach, describe, test } from 'node:test'
import { feed, job, prisma, search, together } from './feed.js'

before(() => prisma.tag.count())
after(() => prisma.$disconnect())

describe('feed', () => {
  beforeEach(() => prisma.tag.findFirst({ where: { id: 1 } }))
  test('shows conversations', () => feed())
  test('finds users', () => search('a'))
  test('asks together', () => together([1, 2, 3]))
})
describe('jobs', { concurrency: true }, () => {
  test('run by themselves', () => job())
  test('run beside each other', () => search('b'))
  test('run beside others', (_, done) => void feed().then(() => done(), done))
})
