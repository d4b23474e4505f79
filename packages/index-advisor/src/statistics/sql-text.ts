import { quoteIdentifier } from '@prisma-brisk/core'

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function quoteText(value: string): string {
  const quoted = `'${value.replace(/'/g, "''").replace(/\\/g, '\\\\')}'`
  return value.includes('\\') ? `E${quoted}` : quoted
}

/** A value as SQL; a string is quoted. */
export function literalSql(literal: string | number | boolean): string {
  return typeof literal === 'string' ? quoteText(literal) : String(literal)
}

export function qualifiedName(schema: string | null, name: string): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
