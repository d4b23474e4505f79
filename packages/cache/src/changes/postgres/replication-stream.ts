import type { Pgoutput, PgoutputPlugin } from 'pg-logical-replication'
import type { TableChange } from '../../change-source.ts'
import { ChangesError } from '../../errors.ts'
import { lost } from '../change-connection.ts'
import { asChangesError, PgSession } from './pg-session.ts'
import { TransactionRows, type NamedTable } from '../transaction-rows.ts'

/** What a transaction has committed. */
export interface Committed {
  readonly xid: number
  /** Logical messages with our prefix. */
  readonly messages: readonly string[]
  /** Whether it has changed anything. */
  readonly isEmpty: boolean
  /** Where the log has it whole. */
  readonly end: bigint
  changes(transaction: string): readonly (TableChange | null)[]
}

interface StreamSettings {
  readonly url: string
  readonly publication: string
  readonly slot: string
  readonly isTemporary: boolean
  /** Of the messages that are told. */
  readonly prefix: string
}

interface StreamHearer {
  committed(transaction: Committed): void
  /** The table that a relation is, or is a partition of; undefined where it is not known yet. */
  tableOf(relation: number): NamedTable | undefined
  /** Whether all that has been told may be forgotten by the server. */
  hasToldAll(): boolean
  failed(error: ChangesError): void
}

/** Types whose values are written otherwise here than by a cast to text. */
const BOOLEAN = 16
/** Types that extensions and applications have made have greater numbers. */
const FIRST_OWN_TYPE = 16_384

/** The connection on which a walsender sends what is committed, in the order of commits. */
export class ReplicationStream {
  private session: PgSession | null = null
  private plugin: PgoutputPlugin | null = null
  private open: { xid: number; rows: TransactionRows; messages: string[]; isEmpty: boolean } | null = null
  /** Up to where the server may forget its log. */
  private done = 0n
  private hasEnded = false

  constructor(
    private readonly settings: StreamSettings,
    private readonly hearer: StreamHearer,
  ) {}

  /** @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_POOLER, E_CHANGES_RIGHTS, E_CHANGES_REFUSED, E_CHANGES_LOST */
  async begin(): Promise<void> {
    const { url, slot, publication } = this.settings
    const library = await import('pg-logical-replication').catch((error: unknown) => {
      throw new ChangesError(
        'E_CHANGES_DRIVER',
        'The package pg-logical-replication is not installed.',
        'Install it.',
        { cause: error },
      )
    })
    this.session = await PgSession.to(url, (error) => this.fail(error), { replication: 'database' })
    if (this.hasEnded) throw lost()
    const { session } = this
    try {
      await session.connect()
      await session.query('IDENTIFY_SYSTEM')
    } catch (error) {
      throw refusal(error)
    }
    await this.makeSlot(session)
    this.plugin = new library.PgoutputPlugin({
      protoVersion: 1,
      publicationNames: [publication],
      messages: true,
    })
    session.client.connection?.on('copyData', ({ chunk }) => this.heard(chunk))
    // Answers when the stream ends.
    void this.plugin.start(session.client as never, slot, '0/0').then(
      () => this.fail(new ChangesError('E_CHANGES_LOST', 'The server has ended the replication.', '')),
      (error: unknown) => this.fail(asChangesError(error)),
    )
  }

  /** It may wait: for every transaction that writes, in any database of the server, and has begun before. */
  private async makeSlot({ client }: PgSession): Promise<void> {
    const { slot, isTemporary } = this.settings
    const kind = isTemporary ? ' TEMPORARY' : ''
    try {
      await client.query(`CREATE_REPLICATION_SLOT "${slot}"${kind} LOGICAL pgoutput NOEXPORT_SNAPSHOT`)
    } catch (error) {
      const isThere = (error as { code?: unknown }).code === '42710'
      if (isTemporary || !isThere) throw asChangesError(error)
    }
  }

  /** Tells the server what it may forget, and that we are there. */
  acknowledge(): void {
    const connection = this.session?.client.connection
    if (connection === undefined || this.hasEnded || this.plugin === null) return
    const status = Buffer.alloc(34)
    status[0] = 'r'.charCodeAt(0)
    for (const at of [1, 9, 17]) status.writeBigUInt64BE(this.done, at)
    status.writeBigUInt64BE(BigInt(Date.now() - EPOCH) * 1000n, 25)
    connection.sendCopyFromChunk(status)
  }

  /** What was committed up to here has been told. */
  told(end: bigint): void {
    if (end > this.done) this.done = end
  }

  async end(): Promise<void> {
    this.hasEnded = true
    await this.session?.close()
  }

  private heard(chunk: Buffer): void {
    if (this.hasEnded) return
    try {
      if (chunk[0] === KEEPALIVE) {
        // Nothing is under way: what the log has up to here concerns nobody.
        if (this.open === null && this.hearer.hasToldAll()) this.told(chunk.readBigUInt64BE(1))
        if (chunk[17] === 1) this.acknowledge()
      } else if (chunk[0] === DATA) this.read(this.plugin?.parse(chunk.subarray(25)))
    } catch (error) {
      this.fail(asChangesError(error))
    }
  }

  private read(message: Pgoutput.Message | undefined): void {
    if (message?.tag === 'begin') {
      this.open = { xid: message.xid >>> 0, rows: new TransactionRows(), messages: [], isEmpty: true }
      return
    }
    if (message?.tag === 'relation') {
      // As text: what `pg` makes of types is the application's to say.
      for (const column of message.columns) (column as { parser: unknown }).parser = textOf(column.typeOid)
      return
    }
    if (this.open === null || message === undefined) return
    if (message.tag === 'commit') {
      const { xid, rows, messages, isEmpty } = this.open
      this.open = null
      this.hearer.committed({
        xid,
        messages,
        isEmpty,
        end: positionOf(message.commitEndLsn ?? '0/0'),
        changes: (transaction) => rows.changes(transaction),
      })
    } else if (message.tag === 'message') {
      if (message.prefix === this.settings.prefix)
        this.open.messages.push(Buffer.from(message.content).toString())
    } else this.change(message)
  }

  private change(message: Pgoutput.Message): void {
    const { open } = this
    if (open === null) return
    const { rows } = open
    const of = (relation: Pgoutput.MessageRelation | undefined): NamedTable | undefined => {
      open.isEmpty = false
      const home = relation === undefined ? undefined : this.hearer.tableOf(relation.relationOid >>> 0)
      if (home === undefined) rows.addUnknown()
      return home
    }
    if (message.tag === 'truncate') {
      for (const relation of message.relations) {
        const home = of(relation)
        if (home !== undefined) rows.addWhole(home)
      }
      return
    }
    if (message.tag !== 'insert' && message.tag !== 'update' && message.tag !== 'delete') return
    const { relation } = message
    const home = of(relation)
    if (home === undefined) return
    const columns = relation.columns.map(({ name }) => name)
    if (message.tag === 'insert') rows.add(home, columns, [message.new])
    else if (message.old !== null)
      rows.add(home, columns, message.tag === 'update' ? [message.old, message.new] : [message.old])
    // Without REPLICA IDENTITY FULL, the key is all that is known of the row before.
    else if (relation.replicaIdentity === 'full') rows.addWhole(home)
    else if (message.tag === 'delete') rows.add(home, relation.keyColumns, [message.key ?? {}])
    else rows.add(home, relation.keyColumns, [message.key ?? message.new, message.new])
  }

  private fail(error: ChangesError): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.hearer.failed(error)
  }
}

const KEEPALIVE = 'k'.charCodeAt(0)
const DATA = 'w'.charCodeAt(0)
/** PostgreSQL counts from the year 2000. */
const EPOCH = Date.UTC(2000, 0, 1)

function textOf(type: number): (text: string) => string | undefined {
  if (type >>> 0 === BOOLEAN) return (text) => (text === 't' ? 'true' : 'false')
  // A domain may be of booleans, whose text the client has otherwise.
  if (type >>> 0 >= FIRST_OWN_TYPE) return (text) => (text === 't' || text === 'f' ? undefined : text)
  return (text) => text
}

/** `16/B374D848`, as a number. */
function positionOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** What it means that a connection for replication is refused. */
function refusal(error: unknown): unknown {
  const { code, message } = ((error as ChangesError).cause ?? {}) as { code?: string; message?: string }
  if (code === '42501' || code === '28000')
    return new ChangesError(
      'E_CHANGES_RIGHTS',
      `The role may not replicate: ${message}.`,
      'Run `ALTER ROLE … REPLICATION` as a superuser, or what your provider has for it, such as `GRANT rds_replication TO …`.',
      { cause: error },
    )
  if (code === '42601' || code === '0A000' || /replication/.test(code === '08P01' ? (message ?? '') : ''))
    return new ChangesError(
      'E_CHANGES_POOLER',
      `The URL is not one to replicate from: ${message}. It seems to be that of a pooler, such as PgBouncer.`,
      'Give postgresReplication() the URL of the database itself.',
      { cause: error },
    )
  return error
}
