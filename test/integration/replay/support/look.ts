/** All that can be seen of what a call answers or fails with, as text. */
export async function look(run: () => unknown): Promise<string> {
  try {
    return describe(await run())
  } catch (error) {
    const { name, message, code, meta, clientVersion } = error as Error & Record<string, unknown>
    return ['failed', name, code, JSON.stringify(meta), clientVersion, message].join(' ')
  }
}

/** Values with their prototypes, and keys in their order. */
function describe(value: unknown): string {
  if (value === null || typeof value !== 'object')
    return typeof value === 'bigint'
      ? `${value}n`
      : Object.is(value, -0)
        ? '-0'
        : (JSON.stringify(value) ?? String(value))
  const prototype: unknown = Object.getPrototypeOf(value)
  const { name } = (prototype as { constructor?: { name?: string } } | null)?.constructor ?? {}
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`
  if (prototype === Object.prototype)
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}: ${describe(each)}`)
      .join(', ')}}`
  if (value instanceof Date) return `Date ${Number.isNaN(+value) ? 'invalid' : value.toISOString()}`
  if (value instanceof Uint8Array) return `${name} ${Buffer.from(value).toString('hex')}`
  return `${name} ${JSON.stringify(value)} ${JSON.stringify(Object.entries(value))}`
}
