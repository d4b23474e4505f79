import type { HypotheticalIndex } from '../../packages/index-advisor/src/planner/planner.ts'
import { hypotheticalIndex } from '../../test/support/hypothetical-index.ts'

/** A query, the values it is planned with, and the index that should help it. */
export interface FidelityCase {
  readonly sql: string
  readonly values: readonly string[]
  readonly index: HypotheticalIndex
}

/** Its id becomes the name of an index that is really made. */
const index = (...given: Parameters<typeof hypotheticalIndex>): HypotheticalIndex => {
  const made = hypotheticalIndex(...given)
  return { ...made, id: `f_${made.id}`.toLowerCase().replace(/\W+/g, '_').slice(0, 60) }
}

const byAuthor = index('Post', 'authorId')
const byAuthorDate = index('Post', 'authorId, createdAt desc')
const byStatusDate = index('Post', 'status, createdAt desc')
const byCategoryScore = index('Post', 'categoryId, score desc')
const byCreated = index('Post', 'createdAt')
const byToken = index('Post', 'token')
const byPrice = index('Post', 'price')
const byViews = index('Post', 'views desc')
const byTitle = index('Post', 'title')
const flaggedPosts = index('Post', 'createdAt desc', { predicate: `"status" = 'FLAGGED'::"Status"` })
const pinnedPosts = index('Post', 'authorId', { predicate: '"pinned"' })
const published = index('Post', 'publishedAt desc', { predicate: '"publishedAt" is not null' })
const commentsByPost = index('Comment', 'postId')
const commentsByPostDate = index('Comment', 'postId, createdAt desc')
const commentsByAuthor = index('Comment', 'authorId')
const commentsByAuthorDate = index('Comment', 'authorId, createdAt')
const flaggedComments = index('Comment', 'createdAt', { predicate: '"flagged"' })
const usersByCountry = index('User', 'country, createdAt desc')
const usersByPlan = index('User', 'plan, country')
const deletedUsers = index('User', 'deletedAt', { predicate: '"deletedAt" is not null' })

/** Joins, ranges, sorts, partial and composite indexes, as Prisma and people write them. */
export const fidelityCases: readonly FidelityCase[] = [
  { sql: `select * from "Post" where "authorId" = $1`, values: ['50000'], index: byAuthor },
  {
    sql: `select * from "Post" where "authorId" in ($1, $2, $3)`,
    values: ['77', '5000', '90000'],
    index: byAuthor,
  },
  {
    sql: `select "id" from "Post" where "authorId" = $1 order by "createdAt" desc limit 20`,
    values: ['12'],
    index: byAuthorDate,
  },
  {
    sql: `select "id" from "Post" where "authorId" = $1 and "createdAt" >= $2 order by "createdAt" desc`,
    values: ['3', '2022-06-01'],
    index: byAuthorDate,
  },
  { sql: `select count(*) from "Post" where "authorId" = $1`, values: ['400'], index: byAuthor },
  {
    sql: `select * from "Post" where "status" = $1 order by "createdAt" desc limit 50`,
    values: ['ARCHIVED'],
    index: byStatusDate,
  },
  {
    sql: `select * from "Post" where "status" = $1 and "createdAt" < $2 order by "createdAt" desc limit 50`,
    values: ['DRAFT', '2022-01-01'],
    index: byStatusDate,
  },
  {
    sql: `select * from "Post" where "categoryId" = $1 order by "score" desc limit 10`,
    values: ['150'],
    index: byCategoryScore,
  },
  {
    sql: `select * from "Post" where "categoryId" = $1 and "score" > $2`,
    values: ['190', '950'],
    index: byCategoryScore,
  },
  {
    sql: `select * from "Post" where "createdAt" >= $1 and "createdAt" < $2`,
    values: ['2022-03-01', '2022-03-08'],
    index: byCreated,
  },
  {
    sql: `select "id", "title" from "Post" order by "createdAt" desc limit 100`,
    values: [],
    index: byCreated,
  },
  {
    sql: `select * from "Post" where "token" = $1`,
    values: ['0cc175b9-c0f1-b6a8-31c3-99e269772661'],
    index: byToken,
  },
  {
    sql: `select * from "Post" where "price" between $1 and $2`,
    values: ['100.00', '100.50'],
    index: byPrice,
  },
  {
    sql: `select "id" from "Post" where "views" > $1 order by "views" desc limit 25`,
    values: ['5000'],
    index: byViews,
  },
  { sql: `select "id" from "Post" where "title" = $1`, values: ['title abc'], index: byTitle },
  {
    sql: `select "id" from "Post" where "status" = 'FLAGGED' order by "createdAt" desc limit 20`,
    values: [],
    index: flaggedPosts,
  },
  { sql: `select * from "Post" where "pinned" and "authorId" = $1`, values: ['20'], index: pinnedPosts },
  {
    sql: `select "id" from "Post" where "publishedAt" is not null order by "publishedAt" desc limit 30`,
    values: [],
    index: published,
  },
  { sql: `select c.* from "Comment" c where c."postId" = $1`, values: ['1000'], index: commentsByPost },
  {
    sql: `select c."id" from "Comment" c where c."postId" = $1 order by c."createdAt" desc limit 5`,
    values: ['77'],
    index: commentsByPostDate,
  },
  {
    sql: `select p."id", c."id" from "Post" p join "Comment" c on c."postId" = p."id" where p."id" between $1 and $2`,
    values: ['900000', '900100'],
    index: commentsByPost,
  },
  {
    sql: `select u."email", p."title" from "User" u join "Post" p on p."authorId" = u."id" where u."email" = $1`,
    values: ['user4242@example.org'],
    index: byAuthor,
  },
  {
    sql: `select p."title" from "Comment" c join "Post" p on p."id" = c."postId" where c."authorId" = $1`,
    values: ['4000'],
    index: commentsByAuthor,
  },
  {
    sql: `select * from "Comment" where "authorId" = $1 and "createdAt" > $2`,
    values: ['4000', '2022-01-01'],
    index: commentsByAuthorDate,
  },
  {
    sql: `select * from "Comment" where "flagged" and "createdAt" > $1`,
    values: ['2023-01-01'],
    index: flaggedComments,
  },
  {
    sql: `select * from "User" where "country" = $1 order by "createdAt" desc limit 20`,
    values: ['it'],
    index: usersByCountry,
  },
  {
    sql: `select * from "User" where "plan" = $1 and "country" = $2`,
    values: ['TEAM', 'fr'],
    index: usersByPlan,
  },
  {
    sql: `select "id" from "User" where "deletedAt" is not null and "deletedAt" < $1`,
    values: ['2024-02-01'],
    index: deletedUsers,
  },
  {
    sql: `select u."id", count(p."id") from "User" u left join "Post" p on p."authorId" = u."id" where u."country" = $1 and u."createdAt" > $2 group by u."id"`,
    values: ['se', '2023-10-01'],
    index: byAuthor,
  },
  {
    sql: `select 1 from only "public"."Post" x where $1 operator(pg_catalog.=) "authorId" for key share of x`,
    values: ['9000'],
    index: byAuthor,
  },
]
