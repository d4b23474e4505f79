import { visitSelections, type Args, type Call, type SchemaModel } from '@prisma-brisk/core'

/**
 * The fields that result extensions behind the cache compute, from columns that only they know. Prisma asks the database
 * for these behind our back: the same arguments then have different results on the client with the extension and on the
 * one without.
 */
export class ComputedFields {
  private isEmpty = true
  /** By model as the extension writes it: `user`, or `$allModels`. */
  private readonly names = new Map<string, Set<string>>()

  /** @param result the component of that name of an extension */
  add(result: unknown): void {
    this.isEmpty = false
    for (const [model, fields] of Object.entries(result ?? {})) {
      const known = this.names.get(model) ?? new Set<string>()
      for (const name of Object.keys((fields as object | null) ?? {})) known.add(name)
      this.names.set(model, known)
    }
  }

  /**
   * Whether what this call asks the database for may hang on them: it selects a field that the schema does not have, or one
   * that is computed in a column's place; or it omits columns, which are fetched all the same where a computed field needs
   * them.
   */
  mayChange(schema: SchemaModel | null, call: Call, globalOmit: unknown): boolean {
    if (this.isEmpty) return false
    if (schema === null || call.model === null || globalOmit !== undefined) return true
    let asks = this.asksItself(schema, call.model, call.args)
    visitSelections(schema, call.model, call.args ?? {}, ({ relation, args }) => {
      if (args !== true) asks ||= this.asksItself(schema, relation.target, args)
    })
    return asks
  }

  private asksItself(schema: SchemaModel, model: string, args: Args | undefined): boolean {
    if (args === undefined) return false
    if (args['omit'] !== undefined) return true
    const fields = schema.models.get(model)?.fields
    return Object.keys(args['select'] ?? {}).some(
      (name) => name !== '_count' && (!fields?.has(name) || this.computes(model, name)),
    )
  }

  private computes(model: string, field: string): boolean {
    const own = `${model.charAt(0).toLowerCase()}${model.slice(1)}`
    return [own, model, '$allModels'].some((name) => this.names.get(name)?.has(field) === true)
  }
}
