/**
 * A map whose names are known and whose values are made when they are first asked for. A name whose value cannot be made
 * (`make` gives undefined) stays a name; asked for it, the map has no value. Iterating makes all values.
 */
export class LazyMap<Value> implements ReadonlyMap<string, Value> {
  private readonly names: ReadonlySet<string>
  private readonly make: (name: string) => Value | undefined
  private readonly made = new Map<string, Value | undefined>()

  constructor(names: Iterable<string>, make: (name: string) => Value | undefined) {
    this.names = new Set(names)
    this.make = make
  }

  get size(): number {
    return this.names.size
  }

  has(name: string): boolean {
    return this.names.has(name)
  }

  get(name: string): Value | undefined {
    const known = this.made.get(name)
    if (known !== undefined || !this.names.has(name) || this.made.has(name)) return known
    const value = this.make(name)
    this.made.set(name, value)
    return value
  }

  keys(): MapIterator<string> {
    return this.names.keys()
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): MapIterator<[string, Value]> {
    for (const name of this.names) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }

  forEach(visit: (value: Value, name: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [name, value] of this.entries()) visit(value, name, this)
  }
}
