import { AdvisorError } from '../errors.ts'

export interface SchemaText {
  /** As it shall be shown: relative to the working directory. */
  readonly file: string
  readonly text: string
}

/**
 * By Prisma's own validator; its DMMF would say the same at ten times the price.
 *
 * @throws AdvisorError E_SCHEMA_INVALID with Prisma's own message.
 */
export async function validateSchema(files: readonly SchemaText[]): Promise<void> {
  const internals = await import('@prisma/internals')
  // The package is CommonJS: under Node's loader its names may only stand on `default`.
  const prisma = 'validate' in internals ? internals : (internals as { default: typeof internals }).default
  try {
    quietly(() => prisma.validate({ schemas: files.map((file): [string, string] => [file.file, file.text]) }))
  } catch (error) {
    throw new AdvisorError('E_SCHEMA_INVALID', `Prisma rejects the schema. ${prismaMessage(error)}`, {
      cause: error,
    })
  }
}

/** Prisma's words for the first thing it rejects, and where; on one line, without colours and rulers. */
function prismaMessage(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\u001b\[[\d;]*m/g, '')
  const errors = [...message.matchAll(/^error: (.+)\n\s*-->\s*(\S+)/gm)]
  const [first] = errors
  if (first === undefined) return message.split('\n').slice(1).join(' ').trim()
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first[2]}: ${first[1]}${more}`
}

/** Prisma's validator prints an empty line before it throws. It is synchronous, so nothing else is silenced. */
function quietly(work: () => void): void {
  const { error } = console
  console.error = () => {}
  try {
    work()
  } finally {
    console.error = error
  }
}
