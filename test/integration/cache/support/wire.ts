import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A wire to the database that can be cut so that nobody notices: both ends stay connected, and nothing passes. */
export class Wire {
  private readonly sockets = new Set<Socket>()
  private constructor(private readonly server: Server) {}

  static async to(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url)
    const server = createServer()
    const wire = new Wire(server)
    server.on('connection', (socket) => {
      const behind = connect(Number(port || 5432), hostname)
      for (const [from, to] of [
        [socket, behind],
        [behind, socket],
      ] as const) {
        wire.sockets.add(from)
        from.on('error', () => to.destroy()).on('close', () => to.destroy())
        from.on('data', (chunk) => to.write(chunk))
      }
      if (wire.isCut) wire.pause()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return wire
  }

  private isCut = false

  url(of: string): string {
    const url = new URL(of)
    url.port = String((this.server.address() as AddressInfo).port)
    url.hostname = '127.0.0.1'
    return url.href
  }

  cut(): void {
    this.isCut = true
    this.pause()
  }

  private pause(): void {
    for (const socket of this.sockets) socket.pause()
  }

  mend(): void {
    this.isCut = false
    for (const socket of this.sockets) socket.resume()
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}
