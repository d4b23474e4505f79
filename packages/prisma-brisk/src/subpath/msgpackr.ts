/** A codec for shared stores, by msgpackr. */
export * from '@prisma-brisk/cache/msgpackr'
