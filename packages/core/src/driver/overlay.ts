/**
 * The target with some methods replaced: all others bound to the target, absent ones absent. What is replaced is an own
 * property, which costs a statement nothing; only the rest goes through the proxy behind it.
 */
export function overlay<T extends object>(target: T, replaced: Partial<Record<keyof T, unknown>>): T {
  const rest = new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return Object.assign(Object.create(rest) as T, replaced)
}
