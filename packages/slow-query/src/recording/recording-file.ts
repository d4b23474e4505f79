import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { processName, realTimers } from '@prisma-brisk/core'
import { RECORDING_PROTOCOL, type RecordedLine } from '../record/recorded-call.ts'

/**
 * What this process tells `brisk record`: a file of its own in the directory that `BRISK_RECORD` names. Written before the turn of the
 * event loop after a call, and at the latest as the process exits: a process that is ended has no time to deliver to anybody.
 */
export class RecordingFile {
  private readonly path: string
  private readonly waiting: (() => RecordedLine | null)[] = []
  private readonly texts = new Map<string, number>()
  private lines: string[] = [JSON.stringify(thisProcess())]
  private timer: NodeJS.Immediate | null = null

  constructor(directory: string) {
    this.path = join(directory, `${processName()}.ndjson`)
    process.on('exit', this.write)
  }

  /** @param make runs soon, off the path of the call */
  add(make: () => RecordedLine | null): void {
    this.waiting.push(make)
    this.timer ??= realTimers.setImmediate(this.write)
  }

  /** The number of a text. */
  text(sql: string, fingerprint: string): number {
    let number = this.texts.get(sql)
    if (number === undefined) {
      this.texts.set(sql, (number = this.texts.size))
      this.lines.push(JSON.stringify({ type: 'text', number, sql, fingerprint } satisfies RecordedLine))
    }
    return number
  }

  private readonly write = (): void => {
    if (this.timer !== null) realTimers.clearImmediate(this.timer)
    this.timer = null
    if (this.waiting.length === 0) return
    for (const make of this.waiting.splice(0)) {
      const line = make()
      if (line !== null) this.lines.push(JSON.stringify(line))
    }
    const { lines } = this
    this.lines = []
    try {
      appendFileSync(this.path, `${lines.join('\n')}\n`, { mode: 0o600 })
    } catch {
      // The directory goes when the command has ended; who runs on after that is not listened to.
    }
  }
}

function thisProcess(): RecordedLine {
  return {
    type: 'process',
    protocol: RECORDING_PROTOCOL,
    pid: process.pid,
    cwd: process.cwd(),
    script: process.argv[1] ?? '',
  }
}
