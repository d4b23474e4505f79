import spinner from 'yocto-spinner'

/** One line that says what is being done; on stderr, so that `--json` stays clean. Plain lines where nobody watches. */
export interface Progress {
  say(text: string): void
  done(): void
}

export function startProgress(): Progress {
  const line = spinner({ stream: process.stderr, text: 'starting' }).start()
  return {
    say: (text) => {
      line.text = text
    },
    done: () => {
      line.stop()
    },
  }
}
