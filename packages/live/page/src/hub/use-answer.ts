import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from './hub.ts'

/** What the hub says at an address, and why it could not. */
export interface Answer<T> {
  readonly value: T | null
  readonly error: string | null
}

/** Milliseconds between two questions while something changes. */
const PACE_MS = 200

/**
 * Asks the hub, and again when `version` changes, a few times a second at most. The answer before stands until the next is there, so
 * that nothing jumps; another path begins with none.
 */
export function useAnswer<T>(path: string, version: unknown): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { readonly path: string }>({
    value: null,
    error: null,
    path,
  })
  const asked = useRef({ path: '', at: -Infinity })
  useEffect(() => {
    const wait = asked.current.path === path ? asked.current.at + PACE_MS - performance.now() : 0
    const timer = setTimeout(
      () => {
        asked.current = { path, at: performance.now() }
        const take = (value: T | null, error: string | null): void => {
          if (asked.current.path === path) setAnswer({ value, error, path })
        }
        ask<T>(path).then(
          (value) => take(value, null),
          (error: Error) => take(null, error.message),
        )
      },
      Math.max(0, wait),
    )
    return () => clearTimeout(timer)
  }, [path, version])
  return answer.path === path ? answer : { value: null, error: null }
}
