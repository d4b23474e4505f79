import { closeSync, fstatSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs'
import { write as writeWithCallback } from 'node:fs'
import { promisify } from 'node:util'
import { checkOptions, integer, InvalidOptionsError, realTimers } from '@prisma-brisk/core'
import type { SinkRecord } from '../record/records.ts'
import type { RecordSink } from './sink.ts'

const write = promisify(writeWithCallback)

export interface JsonLinesSinkOptions {
  /** Bytes after which the file is renamed to `path.1` and a new one begun. Default 100 MB. */
  readonly maxBytes?: number | undefined
  /** Renamed files that are kept: `path.1` is the youngest. Default 5. */
  readonly maxFiles?: number | undefined
}

/** Bytes that may wait for the disk; records beyond are dropped and counted. */
const MAX_BUFFERED = 8 * 1024 * 1024

/**
 * Writes one JSON object a line, the format that `brisk advise --workload` reads. Several processes may write to
 * one path.
 *
 * @throws InvalidOptionsError when the file cannot be opened for writing
 * @example
 * slowQuery({ sinks: [jsonLinesSink('logs/slow-queries.ndjson')] })
 */
export function jsonLinesSink(path: string, options: JsonLinesSinkOptions = {}): JsonLinesSink {
  return new JsonLinesFile(path, options)
}

/** What {@link jsonLinesSink} makes. */
export interface JsonLinesSink extends RecordSink {
  /** Records that did not reach the disk. */
  readonly dropped: number
  write(record: SinkRecord): void
  flush(): Promise<void>
}

class JsonLinesFile implements JsonLinesSink {
  dropped = 0
  private readonly maxBytes: number
  private readonly maxFiles: number
  private file: number
  private size: number
  private lines: string[] = []
  private buffered = 0
  private writing: Promise<void> | null = null
  private warned = false
  /** Whether the last line in the file is a piece of one. */
  private isTorn = false

  constructor(
    private readonly path: string,
    options: JsonLinesSinkOptions,
  ) {
    checkOptions('jsonLinesSink', options, { maxBytes: integer({ min: 1 }), maxFiles: integer({ min: 1 }) })
    this.maxBytes = options.maxBytes ?? 100 * 1024 * 1024
    this.maxFiles = options.maxFiles ?? 5
    try {
      ;[this.file, this.size] = open(path)
    } catch (error) {
      throw new InvalidOptionsError(
        'jsonLinesSink.path',
        'a file that can be written to',
        path,
        `${(error as Error).message}. Create its directory, or allow this user to write there.`,
      )
    }
  }

  write(record: SinkRecord): void {
    const line = `${JSON.stringify(record, jsonValue)}\n`
    if (this.buffered + line.length > MAX_BUFFERED) {
      this.dropped++
      return
    }
    this.lines.push(line)
    this.buffered += line.length
    this.writing ??= new Promise<void>((resolve) => realTimers.setImmediate(resolve)).then(() => this.drain())
  }

  async flush(): Promise<void> {
    while (this.writing !== null) await this.writing
  }

  private async drain(): Promise<void> {
    while (this.lines.length > 0) {
      const { lines } = this
      this.lines = []
      this.buffered = 0
      const bytes = Buffer.from(lines.join(''))
      let done = 0
      try {
        this.follow()
        if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate()
        if (this.isTorn) await write(this.file, '\n')
        this.isTorn = false
        while (done < bytes.length)
          done += (await write(this.file, bytes, done, bytes.length - done, null)).bytesWritten
      } catch (error) {
        const written = bytes.subarray(0, done)
        this.isTorn ||= done > 0 && written[done - 1] !== NEWLINE
        this.failed(lines.length - written.filter((byte) => byte === NEWLINE).length, error)
      }
    }
    this.writing = null
  }

  /**
   * Takes the file that is at the path now, where another process or a tool has renamed ours: it would be deleted with what
   * is still written to it. Also sees how much others have written.
   */
  private follow(): void {
    const size = sizeAt(this.path, this.file)
    if (size === null) this.reopen()
    else this.size = size
  }

  /** Renames `path.4` to `path.5`, …, `path` to `path.1`. */
  private rotate(): void {
    for (let index = this.maxFiles - 1; index >= 1; index--)
      rename(`${this.path}.${index}`, `${this.path}.${index + 1}`)
    rename(this.path, `${this.path}.1`)
    this.reopen()
  }

  private reopen(): void {
    const [file, size] = open(this.path)
    closeSync(this.file)
    this.file = file
    this.size = size
    this.isTorn = false
  }

  private failed(records: number, error: unknown): void {
    this.dropped += records
    if (this.warned) return
    this.warned = true
    process.emitWarning(
      `prisma-brisk: the slow-query log ${this.path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'}); records are dropped, queries go on.`,
      { type: 'PrismaBriskWarning', code: 'W_SINK_FAILED' },
    )
  }
}

const NEWLINE = 0x0a

/** Opens for appending; a line that a crash has torn is ended first, so that it spoils no other. */
function open(path: string): [file: number, size: number] {
  const file = openSync(path, 'a+', 0o600)
  const { size } = fstatSync(file)
  const last = Buffer.alloc(1)
  if (size === 0 || readSync(file, last, 0, 1, size - 1) === 0 || last[0] === NEWLINE) return [file, size]
  return [file, size + writeSync(file, '\n')]
}

/** Bytes of the open file, or null where the path leads elsewhere by now. */
function sizeAt(path: string, file: number): number | null {
  const there = statSync(path, { throwIfNoEntry: false })
  const { ino, dev, size } = fstatSync(file)
  return there?.ino === ino && there.dev === dev ? size : null
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
