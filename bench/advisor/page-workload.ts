import { WorkloadBuilder, type Workload } from '../../packages/index-advisor/src/workload/workload.ts'

/**
 * What the applications this project grew from ask all day, put to the blog's tables: pages of a list that belongs to
 * someone or something, newest or best first, sometimes of one status; the count beside the page; a row by its token.
 */
const statements: readonly (readonly [calls: number, sql: string])[] = [
  [900, 'SELECT * FROM "Post" WHERE "authorId" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [400, 'SELECT * FROM "Post" WHERE "authorId" = $1 AND "status" = $2 ORDER BY "createdAt" DESC LIMIT 20'],
  [300, 'SELECT COUNT(*) FROM "Post" WHERE "authorId" = $1 AND "status" = $2'],
  [200, 'SELECT * FROM "Post" WHERE "authorId" = $1 ORDER BY "score" DESC LIMIT 10'],
  [600, 'SELECT * FROM "Post" WHERE "categoryId" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [300, 'SELECT * FROM "Post" WHERE "categoryId" = $1 AND "status" = $2 ORDER BY "createdAt" DESC LIMIT 20'],
  [250, 'SELECT * FROM "Post" WHERE "categoryId" = $1 ORDER BY "score" DESC LIMIT 10'],
  [150, 'SELECT * FROM "Post" WHERE "categoryId" = $1 ORDER BY "views" DESC LIMIT 10'],
  [200, 'SELECT * FROM "Post" WHERE "status" = $1 ORDER BY "createdAt" DESC LIMIT 50'],
  [100, 'SELECT * FROM "Post" WHERE "status" = $1 ORDER BY "publishedAt" DESC LIMIT 50'],
  [500, 'SELECT * FROM "Post" WHERE "token" = $1'],
  [900, 'SELECT * FROM "Comment" WHERE "postId" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [300, 'SELECT COUNT(*) FROM "Comment" WHERE "postId" = $1 AND "flagged" = $2'],
  [200, 'SELECT * FROM "Comment" WHERE "authorId" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [100, 'SELECT * FROM "Comment" WHERE "flagged" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [200, 'SELECT * FROM "User" WHERE "country" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
  [150, 'SELECT * FROM "User" WHERE "country" = $1 AND "plan" = $2 ORDER BY "createdAt" DESC LIMIT 20'],
  [100, 'SELECT * FROM "User" WHERE "plan" = $1 ORDER BY "createdAt" DESC LIMIT 20'],
]

export async function pageWorkload(): Promise<Workload> {
  const builder = new WorkloadBuilder('postgresql')
  for (const [calls, sql] of statements) await builder.add({ sql, calls, totalMs: calls * 10, rows: 20 })
  return builder.build('sql-file')
}

/** Equality, then the sort: the composite indexes an adviser makes for them. */
export const pageCandidates: readonly (readonly [model: string, keys: string])[] = [
  ['Post', 'authorId, createdAt'],
  ['Post', 'authorId, status, createdAt'],
  ['Post', 'authorId, score'],
  ['Post', 'categoryId, createdAt'],
  ['Post', 'categoryId, status, createdAt'],
  ['Post', 'categoryId, score'],
  ['Post', 'categoryId, views'],
  ['Post', 'status, createdAt'],
  ['Post', 'status, publishedAt'],
  ['Comment', 'postId, createdAt'],
  ['Comment', 'postId, flagged'],
  ['Comment', 'authorId, createdAt'],
  ['Comment', 'flagged, createdAt'],
  ['User', 'country, createdAt'],
  ['User', 'country, plan, createdAt'],
  ['User', 'plan, createdAt'],
]
