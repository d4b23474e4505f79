import type { SchemaModel } from '../../src/index.ts'

/** The schema with every model made, so that it can be compared. */
export function whole(schema: SchemaModel | null): SchemaModel | null {
  return schema === null ? null : { ...schema, models: new Map(schema.models), enums: new Map(schema.enums) }
}
