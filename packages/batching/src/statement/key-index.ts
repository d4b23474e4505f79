import type { Field, Host, Model } from '@prisma-brisk/core'

const state = Symbol('prisma-brisk.batching.key-indexes')

/**
 * Which keys have an index that begins with them: those of the schema, on MySQL and MariaDB those of foreign keys, which
 * have one always, and those that a statement has found in PostgreSQL's catalog. An index that is dropped later is missed,
 * at the cost of time alone.
 */
export class KeyIndexes {
  private readonly found = new Set<Field>()
  private readonly alone = new WeakMap<Field, Map<string, number>>()

  private constructor(private readonly host: Host) {}

  static of(host: Host): KeyIndexes {
    return host.state(state, () => new KeyIndexes(host))
  }

  has({ id, uniques, indexes, relations }: Model, field: Field): boolean {
    if (this.found.has(field)) return true
    if (this.indexesForeignKeys && relations.some(({ fields }) => fields[0] === field.name)) return true
    if ([id, ...uniques].some((key) => key?.fields[0] === field.name)) return true
    return indexes.some(({ type, predicate, fields }) => {
      return type === 'BTree' && predicate === null && fields[0]?.name === field.name
    })
  }

  private get indexesForeignKeys(): boolean {
    return this.host.provider === 'mysql' && this.host.schema()?.relationMode === 'foreignKeys'
  }

  learn(field: Field): void {
    this.found.add(field)
  }

  /**
   * Whether calls for the first rows of a key are faster by themselves, in this order. Without a known index they are on MySQL
   * and MariaDB, where the subqueries would scan the table one after another and the calls do so side by side; and where they
   * were found to be within the last minute: the key has no index and the order has one. The key may have been given one since.
   */
  areFirstRowsBetterAlone(model: Model, field: Field, order: string): boolean {
    const isKnown = (this.alone.get(field)?.get(order) ?? -Infinity) > performance.now() - A_MINUTE
    return (isKnown || this.host.provider === 'mysql') && !this.has(model, field)
  }

  learnBetterAlone(field: Field, order: string): void {
    let orders = this.alone.get(field)
    if (orders === undefined) this.alone.set(field, (orders = new Map()))
    orders.set(order, performance.now())
  }
}

const A_MINUTE = 60_000
