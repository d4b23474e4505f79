import { createServer, type Server } from 'node:http'
import type { Database } from './database.ts'

/** `GET /exercises/:slug`, from the cache; `GET /health` says whether it hears of the other writer. */
export function createService(prisma: Database): Server {
  return createServer((request, response) => {
    void answer(prisma, request.url ?? '/').then(
      ({ status, body, headers }) =>
        response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(body)),
      () => response.writeHead(500).end(),
    )
  })
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Record<string, string>
}

async function answer(prisma: Database, path: string): Promise<Answer> {
  if (path === '/health') {
    const { state, lag } = prisma.$cache.stats().changes ?? { state: 'none', lag: null }
    return { status: state === 'live' ? 200 : 503, body: { state, lag } }
  }
  const slug = /^\/exercises\/([\w-]+)$/.exec(path)?.[1] ?? ''
  const { data, info } = await prisma.$cache.withInfo(() =>
    prisma.exercise.findUnique({ where: { slug }, select: { title: true, difficulty: true } }),
  )
  return { status: data === null ? 404 : 200, body: data, headers: { 'x-cache': info.status } }
}
