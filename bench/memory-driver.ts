interface Adapter {
  queryRaw(query: { sql: string }): Promise<unknown>
}
interface Factory {
  readonly provider: string
  readonly adapterName: string
  connect(): Promise<object>
}

/**
 * A driver that answers from memory: each statement goes to the real database once, later ones of the same text
 * get the same rows back. What remains is the cost of Prisma and of the extensions, without a network.
 */
export function memoryDriver<F extends Factory>(factory: F): F {
  const answers = new Map<string, Promise<unknown>>()
  const remembering = (adapter: Adapter) => (query: { sql: string }) => {
    const known = answers.get(query.sql)
    if (known !== undefined) return known
    const asked = adapter.queryRaw(query)
    answers.set(query.sql, asked)
    return asked
  }
  const { provider, adapterName } = factory
  return {
    provider,
    adapterName,
    connect: async () => {
      const adapter = (await factory.connect()) as Adapter
      const queryRaw = remembering(adapter)
      return new Proxy(adapter, {
        get(target, property) {
          if (property === 'queryRaw') return queryRaw
          const value: unknown = Reflect.get(target, property, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  } as unknown as F
}
