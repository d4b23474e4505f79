import { feed, job, prisma, search, together } from './feed.js'

before(() => prisma.tag.count())
after(() => prisma.$disconnect())

describe('feed', () => {
  beforeEach(() => prisma.tag.findFirst({ where: { id: 1 } }))
  it('shows conversations', () => feed())
  it('finds users', () => search('a'))
  it('asks together', () => together([1, 2, 3]))
})
describe('jobs', () => {
  it('run by themselves', () => job())
})
