import { skip } from '@prisma/client/runtime/client'
import type { Random } from '../../../../test/support/random.ts'
import type { Model, Relation, SchemaModel } from '../../src/index.ts'

type Args = Record<string, unknown>

/** Makes arguments, and writes down, while it makes them, which models they reach. */
export class ArgsMaker {
  readonly read = new Set<string>()
  readonly written = new Set<string>()
  /** Rows of the model are deleted, or the fields are set: what cascades start from. */
  readonly changes: { model: string; change: 'delete' | readonly string[] }[] = []
  /** Every relation in `select` and `include`, as `path field list`. */
  readonly selections: string[] = []
  private readonly random: Random
  private readonly schema: SchemaModel

  constructor(random: Random, schema: SchemaModel) {
    this.random = random
    this.schema = schema
  }

  /** The arguments of a findMany, or of another operation with these clauses. */
  query(model: Model, depth: number, clauses: readonly string[], path: readonly string[] = []): Args {
    this.read.add(model.name)
    const { random } = this
    const args: Args = {}
    if (clauses.includes('where') && random.chance(0.6)) args['where'] = this.where(model, depth)
    if (clauses.includes('orderBy') && random.chance(0.4)) {
      args['orderBy'] = random.chance(0.5)
        ? this.orderBy(model, depth)
        : random.list(0, 2, () => this.orderBy(model, depth))
    }
    if (clauses.includes('selection') && random.chance(0.7)) {
      const clause = random.pick(['select', 'include'])
      args[clause] = this.selection(model, depth, [...path, clause])
    }
    if (clauses.includes('page')) {
      if (random.chance(0.3)) args['take'] = random.int(-3, 3)
      if (random.chance(0.2)) args['cursor'] = { id: 1 }
      if (random.chance(0.2)) args['distinct'] = scalarNames(model).slice(0, 1)
    }
    if (random.chance(0.1)) args['select'] ??= random.pick([undefined, skip])
    return args
  }

  private where(model: Model, depth: number): Args {
    const { random } = this
    const where: Args = {}
    for (const field of random.sample(scalarNames(model), random.int(0, 2))) {
      where[field] = random.pick([
        1,
        'x',
        null,
        undefined,
        skip,
        { gt: 1 },
        { in: [1] },
        { equals: { where: {} } },
      ])
    }
    if (model.id?.isCompound === true && random.chance(0.2)) where[model.id.name] = { a: 1 }
    if (depth === 0) return where
    for (const relation of random.sample(model.relations, random.int(0, 1))) {
      where[relation.field] = this.relationFilter(relation, depth - 1)
    }
    if (random.chance(0.3)) {
      where[random.pick(['AND', 'OR', 'NOT'])] = random.chance(0.5)
        ? random.list(0, 2, () => this.where(model, depth - 1))
        : this.where(model, depth - 1)
    }
    return where
  }

  private relationFilter(relation: Relation, depth: number): unknown {
    const { random } = this
    if (random.chance(0.1)) return random.pick([undefined, skip])
    this.read.add(relation.target)
    const target = this.model(relation.target)
    if (relation.isList) return { [random.pick(['some', 'every', 'none'])]: this.where(target, depth) }
    if (random.chance(0.1)) return null
    return random.chance(0.4)
      ? this.where(target, depth)
      : { [random.pick(['is', 'isNot'])]: random.chance(0.2) ? null : this.where(target, depth) }
  }

  private orderBy(model: Model, depth: number): Args {
    const { random } = this
    const relation = random.pick([undefined, ...model.relations])
    if (relation === undefined || depth === 0)
      return { [scalarNames(model)[0] ?? 'id']: random.pick(['asc', { sort: 'asc', nulls: 'last' }]) }
    this.read.add(relation.target)
    if (relation.isList) return { [relation.field]: { _count: 'asc' } }
    return { [relation.field]: this.orderBy(this.model(relation.target), depth - 1) }
  }

  private selection(model: Model, depth: number, path: readonly string[]): Args {
    const { random } = this
    const selection: Args = {}
    for (const field of random.sample(scalarNames(model), 1)) selection[field] = true
    if (random.chance(0.2)) selection['computed'] = true
    if (depth === 0) return selection
    for (const relation of random.sample(model.relations, random.int(0, 2))) {
      if (random.chance(0.15)) {
        selection[relation.field] = random.pick([false, undefined, skip])
        continue
      }
      const here = [...path, relation.field]
      this.selections.push(`${here.join('.')} ${relation.model}.${relation.field} ${relation.isList}`)
      this.read.add(relation.target)
      selection[relation.field] = random.chance(0.3)
        ? true
        : this.query(this.model(relation.target), depth - 1, ['where', 'orderBy', 'selection', 'page'], here)
    }
    if (random.chance(0.2)) selection['_count'] = this.count(model, depth)
    return selection
  }

  private count(model: Model, depth: number): unknown {
    const { random } = this
    const lists = model.relations.filter((relation) => relation.isList)
    if (random.chance(0.4)) {
      for (const relation of lists) this.read.add(relation.target)
      return true
    }
    const select: Args = {}
    for (const relation of random.sample(lists, random.int(0, 2))) {
      this.read.add(relation.target)
      select[relation.field] = random.chance(0.5) || {
        where: this.where(this.model(relation.target), depth - 1),
      }
    }
    return { select }
  }

  /** The arguments of a write of one row. */
  write(model: Model, operation: string, depth: number): Args {
    this.written.add(model.name)
    switch (operation) {
      case 'create':
        return { data: this.data(model, depth, 'create') }
      case 'createMany':
        return { data: this.random.list(0, 2, () => this.data(model, 0, 'create')) }
      case 'update':
        return { where: { id: 1 }, data: this.data(model, depth, 'update') }
      case 'updateMany':
        return { where: {}, data: this.data(model, 0, 'update') }
      case 'upsert':
        return {
          where: { id: 1 },
          create: this.data(model, depth, 'create'),
          update: this.data(model, depth, 'update'),
        }
      default:
        this.changes.push({ model: model.name, change: 'delete' })
        return { where: { id: 1 } }
    }
  }

  private data(model: Model, depth: number, mode: 'create' | 'update'): Args {
    const { random } = this
    const data: Args = {}
    const changed: string[] = []
    for (const field of random.sample(scalarNames(model), random.int(0, 3))) {
      const value = random.pick([1, null, { set: 1 }, { create: {} }, undefined, skip])
      data[field] = value
      if (value !== undefined && value !== skip) changed.push(field)
    }
    if (mode === 'update') this.changes.push({ model: model.name, change: changed })
    if (depth === 0) return data
    for (const relation of random.sample(model.relations, random.int(0, 2)))
      data[relation.field] = this.nested(relation, depth - 1, mode)
    return data
  }

  private nested(relation: Relation, depth: number, mode: 'create' | 'update'): Args {
    const { random } = this
    const target = this.model(relation.target)
    const writes: Args = {}
    const operations =
      mode === 'create'
        ? ['create', 'connect', 'connectOrCreate', ...(relation.isList ? ['createMany'] : [])]
        : [
            'create',
            'connect',
            'connectOrCreate',
            'disconnect',
            'update',
            'upsert',
            'delete',
            ...(relation.isList ? ['createMany', 'set', 'updateMany', 'deleteMany'] : []),
          ]
    for (const operation of random.sample(operations, random.int(0, 2))) {
      writes[operation] = this.nestedWrite(relation, target, operation, depth)
    }
    if (random.chance(0.1)) writes['set'] ??= random.pick([undefined, skip])
    return writes
  }

  private nestedWrite(relation: Relation, target: Model, operation: string, depth: number): unknown {
    const { random } = this
    const many = <T>(make: () => T): T | T[] => (relation.isList && random.chance(0.5) ? [make()] : make())
    if (operation !== 'update' && operation !== 'updateMany') this.linked(relation)
    if (!['connect', 'disconnect', 'set'].includes(operation)) this.written.add(target.name)
    switch (operation) {
      case 'create':
        return many(() => this.data(target, depth, 'create'))
      case 'createMany':
        return { data: many(() => this.data(target, 0, 'create')), skipDuplicates: true }
      case 'connectOrCreate':
        return many(() => ({ where: { id: 1 }, create: this.data(target, depth, 'create') }))
      case 'update': {
        if (relation.isList)
          return many(() => ({ where: { id: 1 }, data: this.data(target, depth, 'update') }))
        const data = this.data(target, depth, 'update')
        return random.chance(0.5) || 'data' in data || 'where' in data ? { where: {}, data } : data
      }
      case 'upsert':
        return many(() => ({
          where: { id: 1 },
          create: this.data(target, depth, 'create'),
          update: this.data(target, depth, 'update'),
        }))
      case 'updateMany':
        return many(() => ({ where: {}, data: this.data(target, 0, 'update') }))
      case 'delete':
      case 'deleteMany':
        this.changes.push({ model: target.name, change: 'delete' })
        return many(() => ({ id: 1 }))
      case 'disconnect':
        return relation.isList ? many(() => ({ id: 1 })) : true
      default:
        return many(() => ({ id: 1 }))
    }
  }

  /** Whose rows change when two rows are linked: the foreign key's holder, or both ends of a join table. */
  private linked(relation: Relation): void {
    if (relation.manyToMany !== null) {
      this.written.add(relation.model).add(relation.target)
      return
    }
    for (const model of this.schema.models.values()) {
      for (const other of model.relations) {
        if (other.name !== relation.name || other.fields.length === 0) continue
        if (other.model !== relation.model && other.model !== relation.target) continue
        this.written.add(other.model)
        this.changes.push({ model: other.model, change: other.fields })
      }
    }
  }

  private model(name: string): Model {
    return this.schema.models.get(name) as Model
  }
}

export function scalarNames(model: Model): string[] {
  return [...model.fields.values()].filter((field) => field.kind !== 'relation').map((field) => field.name)
}
