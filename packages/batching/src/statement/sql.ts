import {
  quoteIdentifier,
  quoteMarkOf,
  type Field,
  type Host,
  type Model,
  type Provider,
} from '@prisma-brisk/core'
import { schemaOf } from '../key/database-schema.ts'

/** SQL text that grows with the values it binds. */
export class Sql {
  readonly values: unknown[] = []

  constructor(readonly host: Host) {}

  get provider(): Provider {
    return this.host.provider
  }

  /** A placeholder for the value. */
  bind(value: unknown): string {
    this.values.push(value)
    return this.host.provider === 'mysql' || this.host.provider === 'sqlite' ? '?' : `$${this.values.length}`
  }

  /** A name of the schema, which may hold any character. */
  quote(name: string): string {
    return quoteIdentifier(name, quoteMarkOf(this.host.provider))
  }

  /** A text of our own, not of a caller's. */
  text(value: string): string {
    return `'${value.replaceAll("'", "''")}'`
  }

  /** The table of a model, in the schema in which Prisma looks for it. */
  table(model: Model): string {
    const table = this.quote(model.table)
    const schema = schemaOf(this.host, model) ?? null
    return schema === null ? table : `${this.quote(schema)}.${table}`
  }

  column({ column }: Field, of = 't'): string {
    return `${of}.${this.quote(column)}`
  }
}
