/** The oracle: plain Prisma, one call at a time. What a batched client answers to many calls at once must be the same. */

/** One call on a client, as data. */
export interface OracleCall {
  model: string
  operation: string
  args: Record<string, unknown>
  /** Whether the order of a list is determined; else it is compared as a set. */
  isOrdered: boolean
}

type Client = Record<string, Record<string, (args: unknown) => Promise<unknown>>>

/** Runs the calls on both and fails unless every answer and every error is the same. */
export async function expectSameAnswers(
  plain: object,
  batched: object,
  calls: readonly OracleCall[],
): Promise<void> {
  const expected: string[] = []
  for (const call of calls) expected.push(await printedOutcome(plain, call))
  const given = await Promise.all(calls.map((call) => printedOutcome(batched, call)))
  for (const [index, call] of calls.entries()) {
    if (given[index] === expected[index]) continue
    throw new Error(
      [
        `${call.model}.${call.operation}(${print(call.args)}) among ${calls.length} calls`,
        `alone:   ${expected[index]}`,
        `batched: ${given[index]}`,
        ...calls.map((each, at) => `  ${at}. ${each.model}.${each.operation}(${print(each.args)})`),
      ].join('\n'),
    )
  }
}

export async function printedOutcome(
  client: object,
  { model, operation, args, isOrdered }: OracleCall,
): Promise<string> {
  try {
    const answer = await (client as Client)[model]![operation]!(args)
    return isOrdered || !Array.isArray(answer) ? print(answer) : `set ${answer.map(print).sort().join(' ')}`
  } catch (error) {
    const { name, code, meta, message } = error as Error & { code?: unknown; meta?: unknown }
    return `${name} ${print(code)} ${print(meta)} ${message}`
  }
}

/** A value with its types and the order of its keys, so that equal text is deep equality. */
export function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (value instanceof Date) return `Date(${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()})`
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength, constructor } = value
    return `${constructor.name}(${Buffer.from(buffer, byteOffset, byteLength).toString('hex')})`
  }
  if ('toFixed' in value) return `Decimal(${(value as { toString(): string }).toString()})`
  const prototype: unknown = Object.getPrototypeOf(value)
  const kind =
    prototype === Object.prototype
      ? ''
      : prototype === null
        ? 'null-prototype '
        : `${value.constructor.name} `
  return `${kind}{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${print(each)}`)
    .join(', ')}}`
}
