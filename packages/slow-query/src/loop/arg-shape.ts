/**
 * The shape of a call's arguments: names and kinds, without values. Calls of one shape send statements of one
 * fingerprint; lists of any length are one shape.
 */
export function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`
  if (typeof value !== 'object' || value === null) return kindOf(value)
  if (!isPlain(value)) return 'o'
  let shape = '{'
  for (const [name, each] of Object.entries(value))
    if (each !== undefined) shape += `${name}:${shapeOf(each)},`
  return `${shape}}`
}

function kindOf(value: unknown): string {
  if (value === null) return '0'
  // `orderBy: { id: 'asc' }`, `mode: 'insensitive'`: strings differ as values do, their statements do not matter here.
  return typeof value === 'boolean' ? String(value) : (typeof value).charAt(0)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
