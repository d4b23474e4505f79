import { canonicalize, type Args, type Call, type Model } from '@prisma-brisk/core'
import type { BatchOutcome } from './batch-event.ts'
import { copyOfError } from './error-copy.ts'
import { Group } from './group.ts'
import { inParallel } from './in-parallel.ts'
import { narrowed, widened, type Row } from './key-selection.ts'
import type { Member } from './member.ts'
import type { MountState } from './mount-state.ts'
import { isPlain } from './question.ts'

const PARALLEL = 4

/** Sorts `create` calls: of one shape are those that give the same plain columns, and select the same of them. */
export function createGroupsOf(members: readonly Member[], model: Model): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const [index, member] of members.entries()) {
    const shape = shapeOf(member.call, model) ?? `alone ${index}`
    let group = groups.get(shape)
    if (group === undefined) groups.set(shape, (group = new Group(model, shape, null)))
    group.members.push(member)
  }
  return [...groups.values()]
}

/** Null where the call writes or selects more than columns of its own row. */
function shapeOf({ args }: Call, model: Model): string | null {
  const { data, select, omit, ...others } = args
  if (!isPlain(data) || Object.values(others).some((value) => value !== undefined)) return null
  const given: string[] = []
  for (const name in data) {
    const field = model.fields.get(name)
    if (data[name] === undefined) continue
    if (field === undefined || field.isList || (field.kind !== 'scalar' && field.kind !== 'enum')) return null
    given.push(name)
  }
  for (const fields of [select, omit]) {
    if (fields === undefined) continue
    if (!isPlain(fields)) return null
    for (const name in fields)
      if (model.fields.get(name)?.kind === 'relation' || !model.fields.has(name)) return null
  }
  if (given.length === 0) return null
  return `create ${given.sort().join(',')} ${canonicalize([select, omit])} ${isPlain(select) ? Object.keys(select).join(',') : ''}`
}

/**
 * Concurrent `create` calls as one INSERT. A statement is stored whole or not at all: where a constraint refuses it, each
 * call is sent by itself, and only the offender fails. Where it is not certain that nothing was stored (the connection
 * was lost), nothing is sent again, and every caller gets the error.
 */
export class CreateBatch {
  readonly landed: Promise<void>
  private land: () => void = () => undefined
  private statements = 0
  private fallbacks = 0
  private error: unknown

  constructor(
    private readonly state: MountState,
    private readonly group: Group,
  ) {
    this.landed = new Promise((resolve) => (this.land = resolve))
  }

  get outcome(): BatchOutcome {
    return { statements: this.statements, fallbacks: this.fallbacks, error: this.error }
  }

  /** Settles every call; never rejects. */
  async run(): Promise<void> {
    const { members, first } = this.group
    const columns = Object.keys(first.call.args['data'] as Args).length
    const size = Math.min(
      this.state.options.maxBatchSize,
      Math.floor(this.state.host.maxBindValues / (columns + SPARE)),
    )
    const chunks = Array.from({ length: Math.ceil(members.length / size) }, (_, index) =>
      members.slice(index * size, (index + 1) * size),
    )
    await inParallel(chunks, PARALLEL, (chunk) => this.insert(chunk))
    this.land()
  }

  private async insert(members: readonly Member[]): Promise<void> {
    const { statistics } = this.state
    const [first] = members as [Member, ...Member[]]
    if (members.length === 1) {
      statistics.passedThrough++
      return replay(first)
    }
    this.statements++
    statistics.statements++
    try {
      const rows = await this.insertTogether(first.call, members)
      statistics.batched += members.length
      for (const [index, member] of members.entries()) member.resolve(rows[index])
    } catch (error) {
      this.error ??= error
      if (!hasStoredNothing(error)) {
        statistics.batched += members.length
        for (const member of members) member.reject(copyOfError(error))
        return
      }
      this.fallbacks += members.length
      statistics.fallbacks += members.length
      await inParallel(members, PARALLEL, replay)
    }
  }

  private async insertTogether(call: Call, members: readonly Member[]): Promise<readonly Row[]> {
    const data = members.map((member) => member.call.args['data'] as Args)
    const given = Object.keys(data[0] as Args).flatMap((name) => this.group.model.fields.get(name) ?? [])
    const { args, added } = widened(call, given)
    const rows = (await call.send('createManyAndReturn', { ...args, data })) as readonly Row[]
    return inOrderOf(data, rows).map((row) => narrowed(row, added))
  }
}

/** Columns that Prisma fills in by itself: ids, times. */
const SPARE = 8

async function replay(member: Member): Promise<void> {
  try {
    member.resolve(await member.send())
  } catch (error) {
    member.reject(error)
  }
}

/** Constraint violations, values that do not fit, and what Prisma refuses before it sends. */
const refused = new Set<unknown>([
  'P2000',
  'P2002',
  'P2003',
  'P2004',
  'P2005',
  'P2006',
  'P2011',
  'P2012',
  'P2020',
  'P2029',
  'P2033',
])

function hasStoredNothing(error: unknown): boolean {
  const { name, code } = error as { name?: unknown; code?: unknown }
  return name === 'PrismaClientValidationError' || refused.has(code)
}

/**
 * Databases return inserted rows in the order of VALUES, though none promises it: rows that hold other values than were
 * given in their place are put where theirs were given.
 */
function inOrderOf(data: readonly Args[], rows: readonly Row[]): readonly Row[] {
  if (rows.every((row, index) => holds(row, data[index] as Args))) return rows
  const left = new Set(rows)
  const ordered = data.map((given) => {
    for (const row of left) {
      if (!holds(row, given)) continue
      left.delete(row)
      return row
    }
    return null
  })
  return ordered.every((row) => row !== null) ? ordered : rows
}

/** Whether the row can be what came of these values; what a database rounds or pads is not compared. */
function holds(row: Row, given: Args): boolean {
  for (const name in given) {
    const value = given[name]
    const stored = row[name]
    const isText = typeof value === 'string' && typeof stored === 'string'
    if (
      isText ? value.trimEnd() !== stored.trimEnd() : isNumber(value) && isNumber(stored) && value !== stored
    )
      return false
  }
  return true
}

const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'
