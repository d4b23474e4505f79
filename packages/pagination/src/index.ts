export { pagination, paginationPlugin } from './extension.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type {
  AddedArguments,
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
  ListRow,
  ModelReads,
  OptionalRead,
  OwnArguments,
  ReadResult,
  RequiredRead,
} from '@prisma-brisk/core'
export type {
  CursorPaging,
  Iterate,
  LeanReads,
  LimitArgs,
  LimitedReads,
  PageMethods,
  Paginate,
  PaginationMethods,
} from './page-methods.ts'
export type { LimitOptions, LimitPreset, NestedLimitOptions, OnExceeded, OnMissing } from './limit-options.ts'
export type {
  CursorOptions,
  HeavyColumns,
  HeavyType,
  OmitHeavy,
  OmitHeavyOption,
  PaginationOptions,
} from './options.ts'
export type { AppliedLimitEvent, LimitEvent, LimitNote, LongListEvent } from './limit-event.ts'
export type { OffsetPage, OffsetPageArgs, PageTotal } from './page/offset-page.ts'
export {
  relayArguments,
  toConnection,
  type CursorPage,
  type CursorPageArgs,
  type PageConnection,
  type PageEdge,
  type PageInfo,
} from './keyset/relay.ts'
export type { IterateArgs } from './keyset/row-walk.ts'
export { parsePageQuery, type PageQuery } from './page/page-query.ts'
export {
  CostExceededError,
  CursorExpiredError,
  CursorMismatchError,
  DriverRowsError,
  InvalidCursorError,
  InvalidLimitError,
  InvalidOffsetError,
  InvalidPageError,
  InvalidReasonError,
  LimitExceededError,
  MisalignedPageError,
  OffsetTooDeepError,
  UnboundedReadError,
  UnlimitableError,
  UnreadPageError,
  UnsupportedOrderError,
} from './errors.ts'
