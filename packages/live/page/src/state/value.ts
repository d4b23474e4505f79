import { useEffect, useState } from 'preact/hooks'

/** A value that components look at: each that does is drawn anew when it changes. */
export class Value<T> {
  private readonly listeners = new Set<() => void>()

  constructor(private current: T) {}

  get(): T {
    return this.current
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return
    this.current = next
    for (const listener of this.listeners) listener()
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
}

export function useValue<T>(value: Value<T>): T {
  const [, draw] = useState(0)
  useEffect(() => {
    let shown = value.get()
    const look = (): void => {
      if (Object.is(shown, value.get())) return
      shown = value.get()
      draw((times) => times + 1)
    }
    // What changed between the drawing and now.
    draw((times) => times + 1)
    return value.listen(look)
  }, [value])
  return value.get()
}
