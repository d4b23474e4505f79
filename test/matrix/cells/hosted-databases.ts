import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { createPool, type FieldInfo, type PoolConnection } from 'mariadb'
import pg from 'pg'

/** Installed in the cell alone. */
const WS: string = 'ws'

/** Servers that speak the protocols of hosted databases, before the PostgreSQL and the MariaDB at hand. */
export interface HostedDatabase {
  readonly address: string
  close(): Promise<void>
}

/** Neon's WebSocket proxy: PostgreSQL's own protocol within messages. */
export async function neonWebSocket(database: string): Promise<HostedDatabase> {
  const { hostname, port } = new URL(database)
  const server = createServer()
  const { WebSocketServer } = (await import(WS)) as {
    WebSocketServer: new (options: { server: Server }) => {
      on(event: 'connection', listener: (socket: WebSocketLike) => void): void
    }
  }
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    const behind = connect(Number(port || 5432), hostname)
    socket.on('message', (data) => behind.write(data as Buffer))
    behind.on('data', (data) => socket.send(data))
    behind.on('close', () => socket.close()).on('error', () => socket.close())
    socket.on('close', () => behind.destroy())
  })
  const address = await listening(server)
  return { address: `${address}/v1`, close: () => closing(server) }
}

interface WebSocketLike {
  on(event: 'message' | 'close', listener: (data: unknown) => void): void
  send(data: Buffer): void
  close(): void
}

/** Neon's SQL over HTTP: one statement a request, values as PostgreSQL's text. */
export async function neonHttp(database: string): Promise<HostedDatabase> {
  const pool = new pg.Pool({ connectionString: database })
  const asText = { getTypeParser: () => (value: string) => value }
  return serve(
    async (body) => {
      const { query, params } = body as { query: string; params: unknown[] }
      try {
        const { fields, rows, command, rowCount } = await pool.query<unknown[]>({
          text: query,
          values: params,
          rowMode: 'array',
          types: asText,
        })
        return [200, { fields, rows, command, rowCount, rowAsArray: true }]
      } catch (error) {
        const { message, code, detail, table, column, constraint, severity } = error as pg.DatabaseError
        return [400, { message, code, detail, table, column, constraint, severity }]
      }
    },
    () => pool.end(),
  )
}

/** PlanetScale's HTTP protocol: rows as bytes with lengths, errors as Vitess words them; a session holds its connection. */
export async function planetScale(database: string): Promise<HostedDatabase> {
  const pool = createPool(database.replace(/^mysql:/, 'mariadb:') + '?connectionLimit=20&autoJsonMap=false')
  const sessions = new Map<string, PoolConnection>()
  let begun = 0
  const run = async (connection: Pick<PoolConnection, 'query'>, sql: string): Promise<object> => {
    const typeCast = (field: FieldInfo) => field.buffer()
    const result = await connection.query<Result>({ sql, typeCast, rowsAsArray: true })
    if (!Array.isArray(result))
      return { rowsAffected: String(result.affectedRows), insertId: String(result.insertId ?? 0) }
    return {
      fields: result.meta.map((field) => ({ name: field.name(), ...typeOf(field) })),
      rows: result.map((row) => ({
        lengths: row.map((value) => String(value === null ? -1 : value.length)),
        values: Buffer.concat(row.filter((value) => value !== null)).toString('base64'),
      })),
    }
  }
  return serve(
    async (body) => {
      const { query, session } = body as { query: string; session: string | null }
      const held = session === null ? undefined : sessions.get(session)
      try {
        if (query === 'BEGIN') {
          const connection = held ?? (await pool.getConnection())
          const id = session ?? `session ${++begun}`
          sessions.set(id, connection)
          return [200, { session: id, result: await run(connection, query) }]
        }
        const result = await run(held ?? pool, query)
        if (held !== undefined && /^(COMMIT|ROLLBACK)$/.test(query)) {
          sessions.delete(session as string)
          await held.release()
        }
        return [200, { session, result }]
      } catch (error) {
        const { sqlMessage, message, errno, sqlState } = error as Error &
          Record<'sqlMessage' | 'sqlState', string> & { errno: number }
        const words = `${sqlMessage ?? message} (errno ${errno}) (sqlstate ${sqlState}) (CallerID: matrix)`
        return [200, { session, error: { message: words, code: 'UNKNOWN' } }]
      }
    },
    () => pool.end(),
  )
}

type Result =
  | ((Buffer | null)[][] & { readonly meta: readonly FieldInfo[] })
  | { readonly affectedRows: number; readonly insertId: bigint }

/** As Vitess names the types of MySQL. */
function typeOf(field: FieldInfo): { type: string; charset: number } {
  const charset = field.collation.index
  const isBinary = charset === 63
  const unsigned = (field.flags & 32) === 0 ? '' : 'U'
  const names: Record<string, string> = {
    TINY: `${unsigned}INT8`,
    SHORT: `${unsigned}INT16`,
    INT24: `${unsigned}INT24`,
    INT: `${unsigned}INT32`,
    BIGINT: `${unsigned}INT64`,
    FLOAT: 'FLOAT32',
    DOUBLE: 'FLOAT64',
    DECIMAL: 'DECIMAL',
    NEWDECIMAL: 'DECIMAL',
    OLDDECIMAL: 'DECIMAL',
    DATETIME: 'DATETIME',
    DATETIME2: 'DATETIME',
    TIMESTAMP: 'TIMESTAMP',
    DATE: 'DATE',
    TIME: 'TIME',
    JSON: 'JSON',
    NULL: 'NULL',
    ENUM: 'ENUM',
    STRING: isBinary ? 'BINARY' : 'CHAR',
    VAR_STRING: isBinary ? 'VARBINARY' : 'VARCHAR',
    VARCHAR: isBinary ? 'VARBINARY' : 'VARCHAR',
  }
  return { type: names[field.type as unknown as string] ?? (isBinary ? 'BLOB' : 'TEXT'), charset }
}

type Answer = readonly [status: number, body: object]

async function serve(
  answer: (body: unknown) => Promise<Answer>,
  stop: () => Promise<unknown>,
): Promise<HostedDatabase> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void answer(JSON.parse(Buffer.concat(chunks).toString() || '{}')).then(([status, body]) =>
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
      )
    })
  })
  const address = await listening(server)
  return {
    address: `http://${address}`,
    close: async () => {
      await closing(server)
      await stop()
    },
  }
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )
}

function closing(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
