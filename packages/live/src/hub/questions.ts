import { realTimers } from '@prisma-brisk/core'
import type { LiveAnswer, LiveQuestion } from '@prisma-brisk/slow-query'

/** Milliseconds that a process waits for a question, and that whoever asks waits for the answer. */
const WAIT_MS = 25_000
const ANSWER_MS = 8000
/** Questions to one process that wait. */
const MAX_WAITING = 50

type Answer = Omit<LiveAnswer, 'type' | 'question'>

/** What is asked of the processes that report, and what they answer. */
export class Questions {
  private readonly waiting = new Map<string, LiveQuestion[]>()
  /** Processes that listen, or answer just now. */
  private readonly listeners = new Map<string, { heard(): void }>()
  private readonly open = new Map<string, (answer: Answer) => void>()
  private last = 0

  /** Whether a process can be asked. */
  has(process: string): boolean {
    return this.listeners.has(process)
  }

  /** Asks a process for the plan of a shape; says why there is none where it does not answer. */
  async explain(process: string, fingerprint: string): Promise<Answer> {
    const waiting = this.waiting.get(process) ?? []
    if (!this.has(process)) return { reason: GONE }
    if (waiting.length >= MAX_WAITING) return { reason: 'too many plans are asked for at once' }
    const id = String(++this.last)
    return new Promise((resolve) => {
      const done = (answer: Answer): void => {
        realTimers.clearTimeout(timer)
        this.open.delete(id)
        resolve(answer)
      }
      const timer = realTimers.setTimeout(() => done({ reason: GONE }), ANSWER_MS)
      this.open.set(id, done)
      this.waiting.set(process, [...waiting, { id, ask: 'explain', fingerprint }])
      this.listeners.get(process)?.heard()
    })
  }

  /**
   * Resolves with the questions to a process as soon as there are any, else with none after a while.
   *
   * @param gone aborted where the process ends meanwhile
   */
  async next(process: string, gone?: AbortSignal): Promise<readonly LiveQuestion[]> {
    const listener = { heard: () => undefined as void }
    this.listeners.get(process)?.heard()
    this.listeners.set(process, listener)
    if (!this.waiting.has(process))
      await new Promise<void>((resolve) => {
        const timer = realTimers.setTimeout(resolve, WAIT_MS)
        timer.unref()
        listener.heard = () => {
          realTimers.clearTimeout(timer)
          resolve()
        }
        gone?.addEventListener('abort', listener.heard, { once: true })
      })
    if (gone?.aborted === true) {
      if (this.listeners.get(process) === listener) this.listeners.delete(process)
      return []
    }
    const questions = this.waiting.get(process) ?? []
    this.waiting.delete(process)
    return questions
  }

  answered({ question, plan, reason }: LiveAnswer): void {
    this.open.get(question)?.(plan === undefined ? { reason: reason ?? GONE } : { plan })
  }
}

const GONE = 'the process that sent it does not answer: it has ended, or is busy'
