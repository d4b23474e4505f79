import { writeSync } from 'node:fs'

/** Milliseconds after a signal from which on the process says that it still waits for something. */
const PATIENCE_MS = 5000
/** Signals that ask a process to end: from its supervisor, from Ctrl-C, from a terminal that closes. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type EndSignal = (typeof SIGNALS)[number]

/** Work that is to be done before the process ends. */
export interface Unfinished {
  /** How many tasks are left of it. */
  readonly left: number
  /** Resolves when none is. */
  flush(): Promise<void>
  /** Reports what became of them. */
  report(): Promise<void>
}

const held = new Set<Unfinished>()
/** The signal that the process will end by; null while it goes on. */
let ending: EndSignal | null = null

/**
 * Delays the end of the process, on a signal, until this is done. Where it ends all the same, it says what is lost. One
 * listener of each kind serves all, and only while there is something to be done.
 */
export function holdProcess(work: Unfinished): void {
  held.add(work)
  if (held.size > 1) return
  process.on('exit', tellLoss)
  if (ending === null) listen()
}

export function releaseProcess(work: Unfinished): void {
  held.delete(work)
  if (held.size > 0) return
  process.removeListener('exit', tellLoss)
  if (ending === null) unlisten()
}

/** Without other listeners the process ends by the signal, as it would have without us; by a second one at once. */
function onSignal(signal: EndSignal): void {
  if (ending === null) {
    ending = signal
    void finish(signal)
  } else if (isAlone(signal)) {
    tellLoss()
    die(signal)
  }
}

/** What is done, and told, meanwhile may defer more, also to queues that had nothing to do: until nothing is left. */
async function finish(signal: EndSignal): Promise<void> {
  const patience = setTimeout(tellWait, PATIENCE_MS)
  do {
    const works = new Set(held)
    while (held.size > 0) {
      for (const work of held) works.add(work)
      await Promise.all([...held].map((work) => work.flush()))
    }
    // Another listener ends the process in its own way, and disconnects before, as it should.
    if (isAlone(signal)) await Promise.allSettled([...works].map((work) => work.report()))
  } while (held.size > 0)
  clearTimeout(patience)
  if (isAlone(signal)) return die(signal)
  ending = null
  unlisten()
}

/** Whether nobody listens but us. */
function isAlone(signal: EndSignal): boolean {
  return process.listenerCount(signal) === 1
}

function die(signal: EndSignal): void {
  unlisten()
  process.kill(process.pid, signal)
}

function listen(): void {
  for (const signal of SIGNALS) process.on(signal, onSignal)
}

function unlisten(): void {
  for (const signal of SIGNALS) process.removeListener(signal, onSignal)
}

function tellWait(): void {
  process.emitWarning(
    `prisma-brisk: since ${ending}, ${PATIENCE_MS / 1000} s ago, this process waits for ${tasksLeft()}. If it is killed they are lost.`,
    { type: 'PrismaBriskWarning', code: 'W_DEFERRED_PENDING' },
  )
}

/** At the end of a process only synchronous output arrives. */
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
