import { type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { batchKeyOf, isSameShape, keyValues, type BatchKey } from '../batch-key/batch-key.ts'
import { valueAt } from '../batch-key/key-equalities.ts'
import { isKeyValue } from '../key/argument-value.ts'
import type { OutcomeWatch } from '../batch-key/batched-call.ts'
import { changeIn, looksAlike, type Change } from './call-likeness.ts'
import { Loop } from './loop.ts'
import { NOTHING } from './prefetch.ts'
import { areSame, type RowList, type ValuePath } from './row-list.ts'
import { follow, nextPlace, type RowSource } from './row-source.ts'

/** Searches for the list that calls go through, of which none has found it, until there is another list. */
const SEARCHES = 2

/** Told of the answers of the calls of a track. */
export interface TrackOwner {
  answered(track: LoopTrack, call: Call, outcome: unknown, hasFailed: boolean): void
}

/** Lists and paths that are thought possible at a time: an id may be a number that stands elsewhere too. */
const SOURCES = 8

const NONE: RowSource[] = []

/**
 * Calls of one shape that may be those of a loop: one after another, each with values of a row that stands behind that of the
 * call before it in one list.
 */
export class LoopTrack implements OutcomeWatch {
  private batchKey: BatchKey | null = null
  /** Calls of this shape cannot be merged. */
  private isHopeless = false
  /** Where the values may come from, the most likely first; those by which a later call does not stand are dropped. */
  private sources = NONE
  private searches = 0
  private searchedAt = -1
  /** Calls that have not been answered. */
  underWay = 0
  /** Null until one is found. */
  loop: Loop | null = null

  constructor(
    /** The last call. */
    private sample: Call,
    readonly model: Model,
    private readonly caller: unknown,
    /** When it was made. */
    private sampledAt: number,
    private readonly owner: TrackOwner,
  ) {}

  settled(call: Call, outcome: unknown, hasFailed: boolean): void {
    this.underWay--
    this.owner.answered(this, call, outcome, hasFailed)
  }

  get call(): Call {
    return this.sample
  }

  get list(): RowList | null {
    return this.source?.list ?? null
  }

  private get source(): RowSource | null {
    return this.sources[0] ?? null
  }

  /** `id`, `conversations.id`: the path at which the values stand. */
  get path(): string {
    const { list, paths } = this.source ?? {}
    return (paths ?? []).map(([, path]) => [...(list?.prefix ?? []), ...path].join('.')).join(', ')
  }

  /** Whether a call is written like those before it. */
  fits(call: Call, caller: unknown): boolean {
    const { sample, batchKey } = this
    if (call.transaction !== sample.transaction || !Object.is(caller, this.caller)) return false
    return batchKey === null ? looksAlike(sample, call) : isSameShape(batchKey, sample, call)
  }

  /** How many rows behind the last one the values of a call stand; -1 where none of those is found, or no list is known. */
  leadsTo(call: Call): number {
    const { sources, batchKey } = this
    if (sources.length === 0 || batchKey === null) return -1
    const values = valuesOf(batchKey, call)
    let nearest = -1
    for (const source of sources) {
      source.next = nextPlace(source, values)
      const distance = source.next - source.place
      if (source.next >= 0 && (nearest < 0 || distance < nearest)) nearest = distance
    }
    return nearest
  }

  /** The call is the next of those that it was found to lead to. */
  advance(call: Call): void {
    this.sample = call
    if (this.loop !== null) this.loop.matches++
    if (this.sources.length > 1) this.sources = this.sources.filter(({ next }) => next >= 0)
    for (const source of this.sources) source.place = source.next
  }

  /** The second call of a shape, or one that stands nowhere behind the last: looks for a list that both go through. */
  search(call: Call, lists: readonly RowList[], version: number, now: number): void {
    const before = this.sample
    const startedAt = this.sampledAt
    this.sample = call
    this.sampledAt = now
    if (this.isHopeless || lists.length === 0) return
    if (this.searchedAt === version && this.searches >= SEARCHES) return
    if (this.searchedAt !== version) {
      this.searchedAt = version
      this.searches = 0
    }
    // Taking a call apart costs more than a look at what is in the lists.
    const change = changeIn(before.args['where'], call.args['where'])
    if (change === null) return
    this.searches++
    if (!this.standsIn(lists, change)) return
    if (this.batchKey === null) {
      const batchKey = batchKeyOf(before, this.model)
      if (batchKey === null || !isSameShape(batchKey, before, call)) {
        this.isHopeless = batchKey === null
        return
      }
      this.batchKey = batchKey
    }
    const [from, to] = [valuesOf(this.batchKey, before), valuesOf(this.batchKey, call)]
    const varying = to.flatMap((value, key) => (areSame(value, from[key]) ? [] : [key]))
    const [first] = varying
    if (first === undefined) return
    for (const each of lists)
      for (const list of each.all())
        for (const source of follow(list, varying, from, to)) {
          const { keys } = this.batchKey
          if (!source.paths.every(([key, path]) => this.mayHold(keys[key]?.name ?? '', path, to[key])))
            continue
          if (this.loop === null) {
            this.loop = new Loop(startedAt)
            this.sources = []
          }
          // Where a foreign key leads is likelier than a column with the same numbers.
          if (this.isLinked(source)) this.sources.unshift(source)
          else this.sources.push(source)
          if (this.sources.length === SOURCES) return
        }
  }

  /** Another loop may begin with this call. */
  restart(call: Call, now: number): void {
    this.sample = call
    this.sampledAt = now
    this.sources = NONE
    this.loop = null
  }

  /** The answer that is kept for the call. */
  take(call: Call): unknown {
    const { loop, batchKey } = this
    if (loop === null || loop.prefetch === null || batchKey === null) return NOTHING
    const answer = loop.prefetch.take(keyValues(batchKey, call.args['where'] as Args), call)
    if (loop.prefetch.isOver) loop.release()
    return answer
  }

  /** Arguments of the calls for the next rows, and the values of their keys; of rows that have none there is no call. */
  next(count: number): readonly { readonly args: Args; readonly value: unknown }[] {
    const { source, batchKey, sample } = this
    const calls: { args: Args; value: unknown }[] = []
    if (source === null || batchKey === null) return calls
    const { rows } = source.list
    for (let place = source.place + 1; place < rows.length && calls.length < count; place++) {
      const values = valuesOf(batchKey, sample)
      const isWhole = source.paths.every(([key, path]) => {
        values[key] = source.list.valueAt(place, path)
        return isKeyValue(values[key])
      })
      if (!isWhole) continue
      const where = withValues(batchKey, sample.args['where'] as Args, values)
      calls.push({
        args: { ...sample.args, where },
        value: batchKey.keys.length === 1 ? values[0] : values,
      })
    }
    return calls
  }

  /** Fields in which the calls differ. */
  get varying(): readonly Field[] {
    const { source, batchKey } = this
    return source === null || batchKey === null
      ? []
      : source.paths.map(([key]) => batchKey.keys[key] as Field)
  }

  /** Whether two values of a field stand in rows of one list, one behind the other. */
  private standsIn(lists: readonly RowList[], { name, from, to }: Change): boolean {
    for (const each of lists)
      for (const list of each.all())
        for (const path of list.pathsOf(to)) {
          if (!this.mayHold(name, path, to)) continue
          const start = list.find(path, from, 0)
          if (start >= 0 && list.find(path, to, start + 1) >= 0) return true
        }
    return false
  }

  /** Whether a relation of the schema ties the column of the rows to the key. */
  private isLinked({ list, paths }: RowSource): boolean {
    const { model, batchKey, sample } = this
    const [first] = paths
    const owner = sample.host.schema()?.models.get(list.model ?? '')
    if (first === undefined || owner === undefined) return false
    const [key, path] = first
    const [name, column] = [batchKey?.keys[key]?.name ?? '', path.at(-1) ?? '']
    const ties = (from: Model, to: Model, own: string, other: string): boolean =>
      from.relations.some(
        ({ target, fields, references }) =>
          target === to.name && fields.includes(own) && references[fields.indexOf(own)] === other,
      )
    return ties(model, owner, name, column) || ties(owner, model, column, name)
  }

  /** Whether a value of a row is likely to be that of a field: two, three and four stand in many columns. */
  private mayHold(name: string, path: ValuePath, value: unknown): boolean {
    if (typeof value !== 'number' || name === path.at(-1)) return true
    return linkedFields(this.model).has(name)
  }

  /** Whether the last row has been reached. */
  get isAtEnd(): boolean {
    const { source } = this
    return source !== null && source.place >= source.list.rows.length - 1
  }

  /** What its habits go by: no values. */
  get shape(): string {
    const { model, operation } = this.sample
    const { kind, keys } = this.batchKey ?? { kind: '', keys: [] }
    return `${model}.${operation} ${kind} ${keys.map(({ name }) => name).join()} ${this.list?.model}.${this.path} ${this.loop?.site}`
  }
}

function valuesOf(batchKey: BatchKey, call: Call): unknown[] {
  const { locations, keys } = batchKey
  const where = call.args['where'] as Args
  const values: unknown[] = Array.from({ length: keys.length })
  for (const location of locations) values[location.key] = valueAt(location, where)
  return values
}

function withValues({ locations }: BatchKey, where: Args, values: readonly unknown[]): Args {
  const changed: Record<string, unknown> = { ...where }
  for (const { key, name, form } of locations) {
    if (form === 'plain') changed[name] = values[key]
    else
      changed[name] = {
        ...(changed[name] as Args),
        [form === 'equals' ? 'equals' : form.member]: values[key],
      }
  }
  return changed
}

const linkedByModel = new WeakMap<Model, ReadonlySet<string>>()

/** The fields by which rows of a model are known, and those by which they know others. */
function linkedFields(model: Model): ReadonlySet<string> {
  let names = linkedByModel.get(model)
  if (names === undefined) {
    const { id, uniques, relations } = model
    names = new Set([
      ...[id, ...uniques].flatMap((key) => key?.fields ?? []),
      ...relations.flatMap(({ fields }) => fields),
    ])
    linkedByModel.set(model, names)
  }
  return names
}
