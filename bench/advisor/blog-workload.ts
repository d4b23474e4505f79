import { WorkloadBuilder, type Workload } from '../../packages/index-advisor/src/workload/workload.ts'

/** A hundred statements in the manner of Prisma on the blog's tables, of the shapes applications send. */
export async function blogWorkload(): Promise<Workload> {
  const builder = new WorkloadBuilder('postgresql')
  let position = 0
  for (const sql of statements()) {
    position++
    await builder.add({ sql, calls: 50 + ((position * 37) % 400), totalMs: 1000 + position, rows: 20 })
  }
  return builder.build('sql-file')
}

function* statements(): Generator<string> {
  const post = '"public"."Post"'
  const comment = '"public"."Comment"'
  const user = '"public"."User"'
  const filters = [
    '"authorId" = $1',
    '"authorId" = $1 AND "status" = $2',
    '"authorId" = $1 AND "createdAt" >= $2',
    '"categoryId" = $1',
    '"categoryId" = $1 AND "status" = $2',
    '"status" = $1 AND "score" > $2',
    '"price" BETWEEN $1 AND $2',
    '"token" = $1',
    '"views" > $1',
    '"publishedAt" >= $1 AND "publishedAt" < $2',
  ]
  const orders = [
    '',
    ' ORDER BY "createdAt" DESC LIMIT 50',
    ' ORDER BY "score" DESC LIMIT 20',
    ' ORDER BY "publishedAt" DESC LIMIT 10',
  ]
  for (const filter of filters)
    for (const order of orders) yield `SELECT "id", "title" FROM ${post} WHERE ${filter}${order}`
  for (const filter of filters) yield `SELECT COUNT(*) FROM ${post} WHERE ${filter}`
  for (const filter of filters) {
    yield `SELECT p."id", u."name" FROM ${post} p JOIN ${user} u ON u."id" = p."authorId" WHERE p.${filter.replaceAll(' AND "', ' AND p."')}`
  }
  const commentFilters = [
    '"postId" = $1',
    '"authorId" = $1',
    '"postId" = $1 AND "flagged" = $2',
    '"authorId" = $1 AND "createdAt" > $2',
    '"createdAt" > $1',
  ]
  for (const filter of commentFilters) {
    yield `SELECT * FROM ${comment} WHERE ${filter}`
    yield `SELECT * FROM ${comment} WHERE ${filter} ORDER BY "createdAt" DESC LIMIT 20`
    yield `SELECT COUNT(*) FROM ${comment} WHERE ${filter}`
    yield `SELECT c."id", p."title" FROM ${comment} c JOIN ${post} p ON p."id" = c."postId" WHERE c.${filter.replaceAll(' AND "', ' AND c."')}`
    yield `SELECT c."id", u."name" FROM ${comment} c LEFT JOIN ${user} u ON u."id" = c."authorId" WHERE c.${filter.replaceAll(' AND "', ' AND c."')} LIMIT 100`
  }
  for (const filter of [
    '"country" = $1',
    '"plan" = $1',
    '"country" = $1 AND "plan" = $2',
    '"createdAt" >= $1',
    '"name" = $1',
  ]) {
    yield `SELECT * FROM ${user} WHERE ${filter}`
    yield `SELECT * FROM ${user} WHERE ${filter} ORDER BY "createdAt" DESC LIMIT 20`
    yield `SELECT COUNT(*) FROM ${user} WHERE ${filter}`
  }
}

/** Twenty indexes an adviser would think of for them. */
export const blogCandidates: readonly (readonly [model: string, keys: string])[] = [
  ['Post', 'authorId'],
  ['Post', 'authorId, createdAt desc'],
  ['Post', 'authorId, status'],
  ['Post', 'authorId, score desc'],
  ['Post', 'categoryId, status'],
  ['Post', 'categoryId, createdAt desc'],
  ['Post', 'status, score desc'],
  ['Post', 'price'],
  ['Post', 'token'],
  ['Post', 'views desc'],
  ['Post', 'publishedAt desc'],
  ['Post', 'createdAt desc'],
  ['Comment', 'postId'],
  ['Comment', 'postId, createdAt desc'],
  ['Comment', 'authorId, createdAt'],
  ['Comment', 'createdAt desc'],
  ['User', 'country, plan'],
  ['User', 'country, createdAt desc'],
  ['User', 'createdAt desc'],
  ['User', 'name'],
]
