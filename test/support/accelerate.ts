import { createServer, type IncomingMessage } from 'node:http'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { createConsoleLogger, parseDuration, Server, withActiveLogger } from '@prisma/query-plan-executor'

/** Prisma Accelerate of this test's own, less its cache: what Prisma runs plans with, behind HTTP. */
export interface AccelerateServer {
  /** For `new PrismaClient({ accelerateUrl })`. */
  readonly url: string
  stop(): Promise<void>
}

export async function startAccelerate(databaseUrl: string): Promise<AccelerateServer> {
  // It keeps its logger in OpenTelemetry's context, also where it answers with an error.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const silence = createConsoleLogger('text', 'off')
  const patience = parseDuration('PT20S')
  const executor = await Server.create({
    databaseUrl,
    queryTimeout: patience,
    maxTransactionTimeout: patience,
    maxTransactionWaitTime: patience,
    maxResponseSize: 64 * 1024 * 1024,
  })
  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming)
    // The paths begin with versions: /7.10.0/<hash of the schema>/query
    const path = /\/(?:query|connection-info|transaction\/.*)$/.exec(incoming.url ?? '')?.[0]
    const answer =
      path === undefined
        ? new Response('{}')
        : await withActiveLogger(silence, () =>
            executor.fetch(
              new Request(`http://accelerate${path}`, {
                method: incoming.method ?? 'POST',
                headers: { 'content-type': 'application/json' },
                ...(body === '' ? {} : { body }),
              }),
            ),
          )
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    outgoing.end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `prisma+postgres://localhost:${port}/?api_key=secret`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await executor.shutdown()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
