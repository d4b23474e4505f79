import { TagNames } from '../src/tag/tag-names.ts'

const names = new TagNames('app:v1', true)
const of = (...tags: string[]) => names.reachOf(tags.map((tag) => `app:v1:${tag}`))
const NOTHING = { everything: false, lists: [], tables: [], rows: 0, values: 0, own: 0 }

test('tags are told by the tables they stand for and by their number, without a value', () => {
  expect(of('m:public.User', 'r:public.User|id|1:7', 'r:public.User|email|13:ada@example.o')).toEqual({
    ...NOTHING,
    lists: ['public.User'],
    rows: 2,
  })
  expect(of('m:Post', 'k:Post', 'b:Post:id', 'c:Post:authorId', 'v:Post|authorId|7', 't:feed')).toEqual({
    ...NOTHING,
    lists: ['Post'],
    tables: ['Post'],
    values: 2,
    own: 1,
  })
  expect(of('all')).toEqual({ ...NOTHING, everything: true })
})
