/** A Decimal of decimal.js, whatever copy made it. */
export function isDecimal(value: object): value is { toFixed(): string } {
  const decimal = value as { s?: unknown; e?: unknown; d?: unknown; toFixed?: unknown }
  return typeof decimal.toFixed === 'function' && Array.isArray(decimal.d) && typeof decimal.e === 'number'
}

/** A value that a column can equal, whatever its type; not null, not a filter. */
export function isKeyValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    case 'object':
      return value !== null && (value instanceof Date || ArrayBuffer.isView(value) || isDecimal(value))
    default:
      return false
  }
}
