import { callbackify } from 'node:util'
import { after, before, beforeEach, describe, test } from 'node:test'
import { feed, job, prisma, search, together } from './feed.js'

before(() => prisma.tag.count())
after(() => prisma.$disconnect())

void describe('feed', () => {
  beforeEach(() => prisma.tag.findFirst({ where: { id: 1 } }))
  void test('shows conversations', () => feed())
  void test('finds users', () => search('a'))
  void test('asks together', () => together([1, 2, 3]))
})
void describe('jobs', { concurrency: true }, () => {
  void test('run by themselves', () => job())
  void test('run beside each other', () => search('b'))
  void test('run beside others', (_, done) => callbackify(feed)(done))
})
