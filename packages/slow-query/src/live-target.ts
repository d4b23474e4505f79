/** Takes what is reported to a hub of `brisk live`: lines of JSON, see `LiveMessage`. A promise that rejects drops them. */
export interface LiveTarget {
  send(lines: string): void | Promise<void>
}
