export {
  pagination,
  paginationPlugin,
  type LeanReads,
  type LimitArgs,
  type PageMethods,
  type PaginationMethods,
} from './extension.ts'
export type {
  CursorOptions,
  HeavyType,
  LimitOptions,
  NestedLimitOptions,
  OnExceeded,
  OnMissing,
  PaginationOptions,
} from './options.ts'
export type { LimitEvent, LimitNote } from './limit-event.ts'
export type { OffsetPage, OffsetPageArgs, Total } from './page/offset-page.ts'
export type { CursorPage, CursorPageArgs, PageInfo } from './keyset/cursor-page.ts'
export { toConnection, type Connection, type Edge } from './keyset/relay.ts'
export { parsePageQuery, type PageQuery } from './page/page-query.ts'
export { relayArguments } from './keyset/relay-arguments.ts'
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
