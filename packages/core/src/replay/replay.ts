import { DriverTap } from '../driver/driver-tap.ts'
import { currentWitness } from '../driver/statement-witness.ts'
import type { Host } from '../pipeline/host.ts'
import { ArgumentReader, type ArgumentValue } from './argument-shape.ts'
import { ReplayedShape, type AnswerKind, type SendByPrisma } from './replayed-shape.ts'
import { TickReads } from './tick-reads.ts'

/** A read as it is about to be sent to Prisma. */
export interface ReadRequest {
  readonly model: string
  readonly operation: string
  readonly args: Readonly<Record<string, unknown>> | undefined
}

/** What counts of any request. */
export interface RequestFacts {
  /** The interactive transaction that it belongs to, by Prisma's id. */
  readonly transactionId: string | null
  /** Raw SQL may, and what is not known. */
  readonly mayWrite: boolean
}

interface KnownRead {
  readonly shape: ReplayedShape
  readonly values: readonly ArgumentValue[]
}

export interface ReplayStatistics {
  /** Calls that went to the driver past Prisma. */
  readonly replayed: number
  /** Shapes that are left to Prisma for good. */
  readonly off: number
  /** Shapes known. */
  readonly shapes: number
}

/**
 * Sends reads that Prisma has planned before to the driver directly.
 *
 * The arguments of a call without their values (its shape) always become the same SQL with the same order of parameters.
 * Prisma answers the first calls of a shape and is watched: which SQL, which value in which parameter, which columns in which
 * keys. Calls that follow are the same SQL with other parameters, and rows that are read as Prisma reads them. Whatever is not
 * certain is Prisma's.
 */
export class Replay {
  /** Shapes used lately, and those used before. */
  private recent = new Map<string, ReplayedShape>()
  private former = new Map<string, ReplayedShape>()
  private replayedCalls = 0
  private readonly tick = new TickReads()

  private constructor(
    private readonly host: Host,
    private readonly tap: DriverTap,
    private readonly everyNth: number,
  ) {}

  /** That of a base client, whose calls nobody listens to; null where its statements are not seen. */
  static of(host: Host, everyNth = EVERY_NTH): Replay | null {
    return host.state<Replay | null>(REPLAY, () => {
      const tap = DriverTap.of(host)
      return tap === null || host.batchesByTimer ? null : new Replay(host, tap, everyNth)
    })
  }

  /** That of a base client, if it has one. */
  static known(host: Host): Replay | null {
    return host.state<Replay | null>(REPLAY, () => null)
  }

  get statistics(): ReplayStatistics {
    const shapes = [...this.recent.values(), ...this.former.values()]
    return {
      replayed: this.replayedCalls,
      off: shapes.filter(({ isOff }) => isOff).length,
      shapes: shapes.length,
    }
  }

  /** Sends a request, by Prisma or past it: in the order in which they come, as Prisma does. */
  send(
    request: ReadRequest | null,
    { transactionId, mayWrite }: RequestFacts,
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    // Within a call that is watched, or handed over, nothing of ours is sent.
    if (currentWitness() !== undefined) return byPrisma()
    const isUnique = request?.operation.startsWith('findUnique') === true
    const shape = request === null || !kinds.has(request.operation) ? null : this.shapeOf(request)
    if (shape === null && !isUnique) {
      this.tick.passes(transactionId, mayWrite)
      return byPrisma()
    }
    const answer =
      shape === null
        ? byPrisma
        : () => {
            const send = transactionId === null ? this.tap.query : this.tap.queryIn(transactionId)
            return send === null ? byPrisma() : shape.shape.answer(shape.values, send, byPrisma)
          }
    return this.tick.send(isUnique ? request.model : null, transactionId, answer, byPrisma)
  }

  /** A request goes to Prisma without {@link Replay.send}. */
  passes({ transactionId, mayWrite }: RequestFacts): void {
    this.tick.passes(transactionId, mayWrite)
  }

  /** Sends reads that wait: what is sent next does not come through {@link Replay.send}, and could take the only connection. */
  release(): void {
    this.tick.release()
  }

  private shapeOf({ model, operation, args }: ReadRequest): KnownRead | null {
    const kind = kinds.get(operation)
    const schema = this.host.schema()
    const known = schema?.models.get(model)
    // One that was handed over may be another than the client was generated from.
    if (kind === undefined || schema === null || known === undefined || schema.source === 'option')
      return null
    const found = ArgumentReader.shapeOf(schema, known, operation, args ?? {})
    if (found === null) return null
    const { key, values } = found
    const mostArgs = this.host.maxBindValues
    if (values.some((value) => Array.isArray(value) && value.length > mostArgs)) return null
    let shape = this.find(key)
    if (shape === undefined) {
      shape = new ReplayedShape(schema, known, kind, this.everyNth, mostArgs, {
        differs: () => this.warnDiffers(model, operation),
        replayed: () => this.replayedCalls++,
      })
      this.keep(key, shape)
    }
    return shape.isOff ? null : { shape, values }
  }

  private find(key: string): ReplayedShape | undefined {
    const recent = this.recent.get(key)
    if (recent !== undefined) return recent
    const former = this.former.get(key)
    if (former !== undefined) this.keep(key, former)
    return former
  }

  private keep(key: string, shape: ReplayedShape): void {
    if (this.recent.size >= MOST_SHAPES / 2) {
      this.former = this.recent
      this.recent = new Map()
    }
    this.recent.set(key, shape)
  }

  private warnDiffers(model: string, operation: string): void {
    this.host.warnOnce(
      'W_REPLAY_DIFFERS',
      `prisma-brisk: a ${model}.${operation} sent past Prisma's query planner answered differently from Prisma, which has answered it; calls like it are left to Prisma from now on. This is a fault of prisma-brisk: please report the model, its field types and the call. \`replay: false\` switches this off.`,
    )
  }
}

const REPLAY = Symbol('replay of planned reads')
/** One call in so many is sent by Prisma too, and compared. */
const EVERY_NTH = 1000
const MOST_SHAPES = 500

const kinds: ReadonlyMap<string, AnswerKind> = new Map<string, AnswerKind>([
  ['findMany', 'list'],
  ['findFirst', 'rowOrNull'],
  ['findUnique', 'rowOrNull'],
  ['findFirstOrThrow', 'row'],
  ['findUniqueOrThrow', 'row'],
])
