import type { IncomingMessage, ServerResponse } from 'node:http'
import { realTimers } from '@prisma-brisk/core'
import { requestRow } from '../answer/request-view.ts'
import type { History } from '../history/history.ts'
import { send } from './json-answer.ts'

/** Milliseconds in which changes of one request are told once. */
const TELL_MS = 50
/** Streams that are open at once, and characters that may wait for a slow reader before it is let go. */
const MAX_STREAMS = 20
const MAX_WAITING = 4 * 1024 * 1024

/** Server-sent events: rows of the list as they change. */
export class EventStreams {
  private readonly responses = new Set<ServerResponse>()
  private readonly changed = new Set<string>()
  private readonly gone = new Set<string>()
  private timer: NodeJS.Timeout | null = null
  private readonly forget: () => void

  constructor(private readonly history: History) {
    this.forget = history.listen((event, id) => {
      if (this.responses.size === 0) return
      if (event === 'cleared') return this.write('cleared', {})
      if (id !== null) (event === 'dropped' ? this.gone : this.changed).add(id)
      this.timer ??= realTimers.setTimeout(() => this.tell(), TELL_MS)
    })
  }

  open(request: IncomingMessage, response: ServerResponse): void {
    if (this.responses.size >= MAX_STREAMS) return send(response, 503, { error: 'Too many pages are open.' })
    response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive' })
    response.write('retry: 1000\n\n')
    this.responses.add(response)
    request.once('close', () => this.responses.delete(response))
  }

  close(): void {
    this.forget()
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    for (const response of this.responses) response.end()
  }

  private tell(): void {
    this.timer = null
    const { history } = this
    for (const id of this.changed) {
      const request = history.get(id)
      if (request !== undefined) this.write('request', requestRow(request))
    }
    if (this.gone.size > 0) this.write('dropped', { ids: [...this.gone], dropped: history.dropped })
    this.changed.clear()
    this.gone.clear()
  }

  private write(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    for (const response of this.responses) {
      if (response.writableLength > MAX_WAITING) {
        this.responses.delete(response)
        response.destroy()
      } else response.write(text)
    }
  }
}
