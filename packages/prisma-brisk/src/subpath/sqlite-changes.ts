/** Changes that other processes make to a file of SQLite. */
export * from '@prisma-brisk/cache/sqlite-changes'
