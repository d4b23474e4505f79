import { quoteIdentifier } from '@prisma-brisk/core'

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function quoteText(value: string): string {
  const quoted = `'${value.replace(/'/g, "''").replace(/\\/g, '\\\\')}'`
  return value.includes('\\') ? `E${quoted}` : quoted
}

export function qualifiedName(schema: string | null, name: string): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
