import type { Args, Call, Host, SchemaModel } from '@prisma-brisk/core'
import { ownBytes } from '../key/argument-value.ts'
import { BatchTracing } from '../report/batch-tracing.ts'
import type { ResolvedBatchingOptions } from '../options.ts'
import type { Statistics } from '../statistics.ts'
import { Collector } from './collector.ts'
import { InFlight } from './in-flight.ts'
import { Mounts } from './mounts.ts'
import { nextTurn } from './schedule.ts'
import { UniqueReads } from './unique-reads.ts'

/** What all loaders of one mount work with. Every loader holds it, so it lives as long as a call of the mount is in flight. */
export class MountState {
  /** The batches that are being collected, those of transactions included. */
  readonly collector = new Collector()
  readonly inFlight = new InFlight()
  readonly uniqueReads: UniqueReads
  readonly tracing = new BatchTracing()
  readonly isAdaptive: boolean
  private hasBytes: boolean | null = null

  constructor(
    readonly host: Host,
    readonly options: ResolvedBatchingOptions,
    readonly statistics: Statistics,
  ) {
    this.uniqueReads = UniqueReads.of(host)
    this.isAdaptive = options.schedule === 'adaptive'
    Mounts.of(host).add(this)
  }

  /**
   * The call with copies of the bytes in its arguments. Prisma sends a call at once; here it may wait for a tick, or for a
   * flight, and by then its caller may have filled the buffer anew.
   */
  withOwnBytes(call: Call): Call {
    this.hasBytes ??= holdsBytes(this.host.schema())
    if (!this.hasBytes) return call
    const args = ownBytes(call.args) as Args
    return args === call.args ? call : call.withArgs(args)
  }

  /** Before the client disconnects: everything that was called is sent and answered. */
  async finish(): Promise<void> {
    // Calls that have begun are collected by the end of this turn.
    await nextTurn()
    this.collector.flush()
    await this.inFlight.settled()
  }
}

function holdsBytes(schema: SchemaModel | null): boolean {
  for (const { fields } of schema?.models.values() ?? [])
    for (const { type } of fields.values()) if (type === 'Bytes') return true
  return false
}
