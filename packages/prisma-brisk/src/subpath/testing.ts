/** Expectations for tests: how many queries a piece of code may make. */
export * from '@prisma-brisk/slow-query/testing'
