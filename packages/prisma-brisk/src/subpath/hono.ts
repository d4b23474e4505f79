/** Hono, and any other framework of web-standard requests. */
export * from '@prisma-brisk/slow-query/hono'
