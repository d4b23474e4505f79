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
export {
  CostExceededError,
  InvalidLimitError,
  InvalidOffsetError,
  InvalidPageError,
  InvalidReasonError,
  LimitExceededError,
  OffsetTooDeepError,
  UnboundedReadError,
} from './errors.ts'
