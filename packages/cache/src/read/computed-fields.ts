import { visitSelections, type Args, type Call, type SchemaModel } from '@prisma-brisk/core'

/**
 * Whether a result extension behind the cache may change what this call asks the database for: a selected field that
 * the schema does not have is computed from columns that only the extension knows, and an omitted column is fetched all
 * the same where a computed field needs it.
 */
export function asksForComputedFields(schema: SchemaModel | null, call: Call, globalOmit: unknown): boolean {
  if (schema === null || call.model === null || globalOmit !== undefined) return true
  let asks = asksItself(schema, call.model, call.args)
  visitSelections(schema, call.model, call.args ?? {}, ({ relation, args }) => {
    if (args !== true) asks ||= asksItself(schema, relation.target, args)
  })
  return asks
}

function asksItself(schema: SchemaModel, model: string, args: Args | undefined): boolean {
  if (args === undefined) return false
  if (args['omit'] !== undefined) return true
  const fields = schema.models.get(model)?.fields
  return Object.keys(args['select'] ?? {}).some((name) => name !== '_count' && !fields?.has(name))
}
