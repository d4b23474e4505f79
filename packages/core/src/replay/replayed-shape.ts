import type { SqlQuery } from '../driver/connection/adapter-ports.ts'
import type { SqlAnswer } from '../driver/driver-listener.ts'
import type { SendQuery } from '../driver/driver-tap.ts'
import { witnessed } from '../driver/statement-witness.ts'
import type { Model } from '../schema/datamodel/model.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'
import type { ArgumentValue } from './argument-shape.ts'
import { DOUBT } from './column-reader.ts'
import { RowReader } from './row-reader.ts'
import { isSameAnswer } from './same-answer.ts'
import { copyOfArg, isSameQuery, StatementTemplate } from './statement-template.ts'

/** Sends the call as Prisma does. */
export type SendByPrisma = () => Promise<unknown>

/** What a shape's read answers. */
export type AnswerKind = 'list' | 'rowOrNull' | 'row'

/** What is told of a shape. */
export interface ShapeReport {
  /** A call that went past Prisma and a call through Prisma answered differently. */
  differs(): void
  replayed(): void
}

/**
 * The calls of one shape: Prisma answers the first ones and is watched, then they go to the driver directly.
 *
 * Prisma stays the judge. Whatever is not as it was (a failure, no row where one must be, a value of another type, a column
 * in which no value was seen before) is handed to it together with what the driver has said, and no statement is sent twice.
 */
export class ReplayedShape {
  private calls = 0
  private template: StatementTemplate | null = null
  private reader: RowReader | null = null
  private agreed = 0
  private untilCheck = 0
  private setbacks = 0
  private isWatching = false
  isOff = false

  constructor(
    private readonly schema: SchemaModel,
    private readonly model: Model,
    private readonly kind: AnswerKind,
    private readonly everyNth: number,
    /** Values that one statement may bind: above, Prisma sends several, or refuses. */
    private readonly mostArgs: number,
    private readonly report: ShapeReport,
  ) {}

  answer(values: readonly ArgumentValue[], send: SendQuery, byPrisma: SendByPrisma): Promise<unknown> {
    if (this.isOff || this.calls++ === 0) return byPrisma()
    const { template, reader } = this
    const query = reader === null ? null : (template?.for(values) ?? null)
    if (query !== null && query.args.length > this.mostArgs) return byPrisma()
    const isTrusted = this.agreed >= ENOUGH
    if (query !== null && reader !== null && isTrusted && --this.untilCheck > 0)
      return this.replay(query, reader, send, byPrisma)
    // One call at a time is watched; the others of a crowd are Prisma's.
    if (this.isWatching) return byPrisma()
    this.isWatching = true
    const answer =
      query === null || reader === null
        ? this.watch(values, byPrisma)
        : this.check(query, reader, send, byPrisma)
    return answer.finally(() => (this.isWatching = false))
  }

  private replay(
    query: SqlQuery,
    reader: RowReader,
    send: SendQuery,
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    return send(forDriver(query)).then(
      (answer) => {
        if (!reader.fits(answer) || reader.hasUnproven(answer))
          return this.judge(query, answer, reader, byPrisma)
        let objects: unknown[]
        try {
          objects = reader.rows(answer)
        } catch {
          return this.judge(query, answer, null, byPrisma)
        }
        if (this.kind === 'list') {
          this.report.replayed()
          return objects
        }
        if (objects.length > 1 || (objects.length === 0 && this.kind === 'row'))
          return this.judge(query, answer, null, byPrisma)
        this.report.replayed()
        return objects[0] ?? null
      },
      (failure: unknown) => handOver(query, () => Promise.reject(failure), byPrisma).value,
    )
  }

  /** Has Prisma read an answer of the driver, and compares where there is something to compare. */
  private async judge(
    query: SqlQuery,
    answer: SqlAnswer,
    reader: RowReader | null,
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    const handed = handOver(query, () => Promise.resolve(answer), byPrisma)
    const value = await handed.value
    if (reader === null || !reader.fits(answer)) {
      // Once is chance (a schema on its way from one version to the next); again and again is a shape not for us.
      if (++this.setbacks >= MOST_SETBACKS) this.isOff = true
      if (reader !== null) this.forget()
      return value
    }
    this.compare(handed, answer, reader, value)
    return value
  }

  /** Sends the call past Prisma and through it, with one statement, and compares all there is. */
  private async check(
    query: SqlQuery,
    reader: RowReader,
    send: SendQuery,
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    let answer: SqlAnswer
    try {
      answer = await send(forDriver(query))
    } catch (failure) {
      return handOver(query, () => Promise.reject(failure), byPrisma).value
    }
    if (!reader.fits(answer)) return this.judge(query, answer, reader, byPrisma)
    const handed = handOver(query, () => Promise.resolve(answer), byPrisma)
    let value: unknown
    try {
      value = await handed.value
    } catch (error) {
      const isMissing = this.kind === 'row' && answer.rows.length === 0
      if (!isMissing && this.read(answer, reader, []) !== undefined) this.switchOff()
      throw error
    }
    this.compare(handed, answer, reader, value)
    return value
  }

  private compare(handed: HandedOver, answer: SqlAnswer, reader: RowReader, value: unknown): void {
    const own = this.read(answer, reader, value)
    if (handed.isSame && own !== undefined && isSameAnswer(own, value)) {
      reader.prove(answer)
      this.agreed++
      this.untilCheck = this.everyNth
      return
    }
    this.switchOff()
  }

  /** What was only being learnt has answered nobody. */
  private switchOff(): void {
    this.isOff = true
    if (this.agreed >= ENOUGH) this.report.differs()
  }

  private read(answer: SqlAnswer, reader: RowReader, value: unknown): unknown {
    reader.learn(Array.isArray(value) ? value : [value ?? {}])
    let objects: unknown[]
    try {
      objects = reader.rows(answer)
    } catch (error) {
      if (error !== DOUBT) throw error
      return undefined
    }
    return this.kind === 'list' ? objects : (objects[0] ?? null)
  }

  /** Sees what Prisma sends for a call, and what becomes of the answer. */
  private async watch(values: readonly ArgumentValue[], byPrisma: SendByPrisma): Promise<unknown> {
    const seen: { query: SqlQuery; answer: SqlAnswer | null }[] = []
    const value = await witnessed(
      {
        async sent(query, send) {
          const statement: (typeof seen)[number] = { query: copyOf(query), answer: null }
          seen.push(statement)
          return (statement.answer = await send())
        },
      },
      byPrisma,
    )
    const [only] = seen
    if (seen.length > 1) this.isOff = true
    else if (only?.answer == null) this.setBack()
    else this.learn(only.query, only.answer, values, value)
    return value
  }

  private learn(query: SqlQuery, answer: SqlAnswer, values: readonly ArgumentValue[], value: unknown): void {
    if (this.template === null) this.template = StatementTemplate.from(query, values)
    else if (!this.template.settle(query, values)) this.isOff = true
    if (this.template === null) return this.setBack()
    if (this.reader !== null) return
    const sample: unknown = this.kind === 'list' ? (value as unknown[])[0] : value
    // No row yet: the next call is watched again.
    if (typeof sample !== 'object' || sample === null) return
    const reader = RowReader.of(this.schema, this.model, answer, sample as Record<string, unknown>)
    if (reader === null || !isSameAnswer(this.read(answer, reader, value), value)) {
      this.isOff = true
      return
    }
    reader.prove(answer)
    this.reader = reader
    this.agreed = 1
  }

  private setBack(): void {
    if (++this.setbacks >= MOST_SETBACKS) this.isOff = true
  }

  /** The database has changed: all is learnt anew. */
  private forget(): void {
    this.template = null
    this.reader = null
    this.agreed = 0
  }
}

/** Calls that must agree with Prisma before others go past it. */
const ENOUGH = 2
/** Calls of which nothing could be learnt. */
const MOST_SETBACKS = 8

interface HandedOver {
  readonly value: Promise<unknown>
  /** Whether Prisma has sent the very statement that was sent before, and no other. */
  readonly isSame: boolean
}

/** Has Prisma make of the driver's answer to `query` what it makes of it; any other statement of the call is sent. */
function handOver(query: SqlQuery, answered: () => Promise<SqlAnswer>, byPrisma: SendByPrisma): HandedOver {
  let statements = 0
  let isSame = true
  const value = witnessed(
    {
      sent(sent, send) {
        statements++
        if (statements === 1 && isSameQuery(sent, query)) return answered()
        isSame = false
        return send()
      },
    },
    byPrisma,
  )
  return {
    value,
    get isSame() {
      return isSame && statements === 1
    },
  }
}

/** Whoever stands before the driver may change what it gets. */
const forDriver = ({ sql, args, argTypes }: SqlQuery): SqlQuery => ({
  sql,
  args: [...args],
  argTypes: [...argTypes],
})

const copyOf = (query: SqlQuery): SqlQuery => ({
  sql: query.sql,
  args: query.args.map(copyOfArg),
  argTypes: [...query.argTypes],
})
