import spinner from 'yocto-spinner'

/** Says on stderr what is being done, so that `--json` stays clean. */
export interface Progress {
  /** @param detail changes while the step goes on: shown where somebody watches, not in a log */
  say(step: string, detail?: string): void
  done(): void
}

/** One line that changes; where nobody watches, a line for each step. */
export function startProgress(): Progress {
  if (!process.stderr.isTTY) return stepLines()
  const line = spinner({ stream: process.stderr, text: 'starting' }).start()
  return {
    say: (step, detail = '') => {
      line.text = `${step}${detail}`
    },
    done: () => {
      line.stop()
    },
  }
}

function stepLines(): Progress {
  let last = ''
  return {
    say: (step) => {
      if (step !== last) console.error(step)
      last = step
    },
    done: () => undefined,
  }
}
