/** What is to be finished before the process ends. */
interface Flushable {
  flush(): Promise<void>
}

const held = new Set<Flushable>()

/** Puts the end of the process off, on SIGTERM, until this is flushed. One listener serves all. */
export function holdSigterm(queue: Flushable): void {
  held.add(queue)
  if (held.size === 1) process.on('SIGTERM', onSigterm)
}

export function releaseSigterm(queue: Flushable): void {
  held.delete(queue)
  if (held.size === 0 && !ending) process.removeListener('SIGTERM', onSigterm)
}

let ending = false

/** Where nobody else listens, the process ends by the signal as it would have without us. */
function onSigterm(): void {
  if (ending) return
  ending = true
  void Promise.allSettled([...held].map((queue) => queue.flush())).then(() => {
    ending = false
    process.removeListener('SIGTERM', onSigterm)
    if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
  })
}
