import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server on which everything takes `ms` longer in each direction, as over a network. */
export interface SlowConnection {
  /** The same address, by that way. */
  readonly url: string
  close(): void
}

export async function slowConnection(url: string, ms: number): Promise<SlowConnection> {
  const to = new URL(url)
  const open = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: to.hostname, port: Number(to.port || 5432), noDelay: true })
    open.add(near).add(far)
    carry(near, far, ms)
    carry(far, near, ms)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const by = new URL(url)
  by.hostname = '127.0.0.1'
  by.port = String((server.address() as { port: number }).port)
  return {
    url: by.href,
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

/** Nothing overtakes: each piece is due when it has waited, and those before it are gone. */
function carry(from: Socket, to: Socket, ms: number): void {
  from.on('data', (piece) => setTimeout(() => to.write(piece), ms))
  from.on('end', () => setTimeout(() => to.end(), ms))
  from.on('error', () => to.destroy())
}
