/** Prisma Accelerate's own names on the cache of this suite. */
export * from '@prisma-brisk/cache/accelerate'
