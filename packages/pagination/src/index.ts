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
export type { OffsetPage, OffsetPageArgs, Total } from './offset-page.ts'
export type { CursorPage, CursorPageArgs, PageInfo } from './cursor-page.ts'
export { toConnection, type Connection, type Edge } from './connection.ts'
export { parsePageQuery, type PageQuery } from './page-query.ts'
export { relayArguments } from './relay-arguments.ts'
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
