import { writeSync } from 'node:fs'

/** Milliseconds after SIGTERM from which on it is said that the process still waits for something. */
const PATIENCE_MS = 5000

/** Work that is to be done before the process ends. */
export interface Unfinished {
  /** How many tasks are left of it. */
  readonly left: number
  /** Resolves when none is. */
  flush(): Promise<void>
  /** Tells whoever has to know what became of them. */
  report(): Promise<void>
}

const held = new Set<Unfinished>()
let isEnding = false

/**
 * Puts the end of the process off, on SIGTERM, until this is done. Where it ends all the same, it is said what is lost. One
 * listener of each kind serves all, and only while there is something to be done.
 */
export function holdProcess(work: Unfinished): void {
  held.add(work)
  if (held.size > 1) return
  process.on('exit', tellLoss)
  if (!isEnding) process.on('SIGTERM', onSigterm)
}

export function releaseProcess(work: Unfinished): void {
  held.delete(work)
  if (held.size > 0) return
  process.removeListener('exit', tellLoss)
  if (!isEnding) process.removeListener('SIGTERM', onSigterm)
}

/** Where nobody else listens, the process ends by the signal as it would have without us; by a second one at once. */
function onSigterm(): void {
  if (!isEnding) {
    isEnding = true
    void finish()
  } else if (isAlone()) {
    tellLoss()
    die()
  }
}

async function finish(): Promise<void> {
  const works = [...held]
  const patience = setTimeout(tellWait, PATIENCE_MS)
  await Promise.all(works.map((work) => work.flush()))
  clearTimeout(patience)
  // Whoever listens too has the process end in its own way, and disconnects before, as it should.
  if (isAlone()) await Promise.allSettled(works.map((work) => work.report()))
  if (isAlone()) return die()
  isEnding = false
  if (held.size === 0) process.removeListener('SIGTERM', onSigterm)
}

/** Whether nobody listens but us. */
function isAlone(): boolean {
  return process.listenerCount('SIGTERM') === 1
}

function die(): void {
  process.removeListener('SIGTERM', onSigterm)
  process.kill(process.pid, 'SIGTERM')
}

function tellWait(): void {
  process.emitWarning(
    `prisma-brisk: since SIGTERM, ${PATIENCE_MS / 1000} s ago, this process waits for ${tasksLeft()}. If it is killed they are lost.`,
    { type: 'PrismaBriskWarning', code: 'W_DEFERRED_PENDING' },
  )
}

/** At the end of a process nothing is printed but what is written at once. */
function tellLoss(): void {
  if (tasksLeft() === null) return
  try {
    writeSync(
      process.stderr.fd,
      `(node:${process.pid}) [W_DEFERRED_LOST] PrismaBriskWarning: prisma-brisk: this process ends before ${tasksLeft()} are done; what they have not written yet is lost. Await prisma.$disconnect() before process.exit().\n`,
    )
  } catch {
    // Nobody is there to read it.
  }
}

function tasksLeft(): string | null {
  const left = [...held].reduce((sum, work) => sum + work.left, 0)
  return left === 0 ? null : `${left} deferred ${left === 1 ? 'task' : 'tasks'}`
}
