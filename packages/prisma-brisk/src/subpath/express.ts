/** Express: request scopes and the metrics endpoint. */
export * from '@prisma-brisk/slow-query/express'
