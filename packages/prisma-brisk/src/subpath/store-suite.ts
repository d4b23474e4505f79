/** What every cache store must do, as tests: for authors of stores. */
export * from '@prisma-brisk/cache/testing'
