export { pagination, paginationPlugin, type LimitArgs, type PageMethods } from './extension.ts'
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
export {
  CostExceededError,
  CursorExpiredError,
  CursorMismatchError,
  InvalidCursorError,
  InvalidLimitError,
  InvalidOffsetError,
  InvalidPageError,
  InvalidReasonError,
  LimitExceededError,
  MisalignedPageError,
  OffsetTooDeepError,
  UnboundedReadError,
  UnreadPageError,
  UnsupportedOrderError,
} from './errors.ts'
