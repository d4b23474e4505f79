export { brisk, type BriskClient, type BriskMethods } from './extension.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type { BriskOptions } from './options.ts'
export type {
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
} from '@prisma-brisk/core'
export * from '@prisma-brisk/batching'
export * from '@prisma-brisk/cache'
export * from '@prisma-brisk/pagination'
export * from '@prisma-brisk/resilience'
export * from '@prisma-brisk/slow-query'
