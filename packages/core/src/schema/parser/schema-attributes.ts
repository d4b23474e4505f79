import type { LiteralValue } from '../datamodel/field.ts'
import type { SchemaAttribute, SchemaExpression } from './schema-syntax.ts'

export function hasAttribute(attributes: readonly SchemaAttribute[], name: string): boolean {
  return attributes.some((attribute) => attribute.name === name)
}

/** An argument by name, else the unnamed one at `position`. */
export function argument(
  attribute: SchemaAttribute,
  name: string,
  position?: number,
): SchemaExpression | undefined {
  const named = attribute.args.find((arg) => arg.name === name)
  if (named !== undefined || position === undefined) return named?.value
  const unnamed = attribute.args[position]
  return unnamed?.name === null ? unnamed.value : undefined
}

/** The text of `@map("x")`, `@@map(name: "x")`, `@@schema("x")`. */
export function nameArgument(attributes: readonly SchemaAttribute[], name: string): string | null {
  const attribute = attributes.find((candidate) => candidate.name === name)
  return attribute === undefined ? null : textOf(argument(attribute, 'name', 0) ?? argument(attribute, 'map'))
}

export function pathsOf(expression: SchemaExpression | undefined): string[] {
  return expression?.kind === 'array' ? expression.items.map(plainText) : []
}

export function textOf(expression: SchemaExpression | undefined): string | null {
  return expression?.kind === 'string' ? expression.value : null
}

export function plainText(expression: SchemaExpression): string {
  if (expression.kind === 'string') return expression.value
  if (expression.kind === 'number' || expression.kind === 'path') return expression.text
  return expression.kind === 'call' ? expression.name : ''
}

export function literalOf(expression: SchemaExpression, type: string): LiteralValue {
  if (expression.kind === 'number') {
    const exact =
      type !== 'BigInt' && type !== 'Decimal' && Number.isSafeInteger(Math.trunc(Number(expression.text)))
    return exact ? Number(expression.text) : expression.text
  }
  if (
    expression.kind === 'path' &&
    (expression.text === 'true' || expression.text === 'false') &&
    type === 'Boolean'
  )
    return expression.text === 'true'
  return plainText(expression)
}
