import { Prisma, type PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

export interface ForeignExtension {
  readonly name: string
  readonly extend: (client: PrismaClient) => unknown
}

/** Extensions as applications write them, to stand before and after the suite. */
export const foreignExtensions: readonly ForeignExtension[] = [
  {
    name: 'soft delete',
    extend: (client) =>
      client.$extends({
        name: 'soft delete',
        query: {
          user: {
            findMany: ({ args, query }) => query({ ...args, where: { deletedAt: null, ...args.where } }),
            findFirst: ({ args, query }) => query({ ...args, where: { deletedAt: null, ...args.where } }),
            count: ({ args, query }) =>
              query({ ...args, where: { deletedAt: null, ...args.where } } as typeof args),
          },
        },
      }),
  },
  {
    name: 'tenant filter',
    extend: (client) =>
      client.$extends({
        name: 'tenant',
        query: {
          conversation: {
            $allOperations: ({ operation, args, query }) =>
              /^(findMany|findFirst|count|updateMany|deleteMany)$/.test(operation)
                ? query({ ...args, where: { ...(args as { where?: object }).where, userId: 2 } })
                : query(args),
          },
        },
      }),
  },
  {
    name: 'audit',
    extend: (client) => {
      const seen: string[] = []
      return client.$extends({
        name: 'audit',
        query: {
          $allOperations: async ({ model, operation, args, query }) => {
            const result = await query(args)
            seen.push(`${model}.${operation}`)
            return result
          },
        },
      })
    },
  },
  {
    name: 'result fields',
    extend: (client) =>
      client.$extends({
        name: 'result fields',
        result: {
          user: {
            label: { needs: { name: true, role: true }, compute: (user) => `${user.name} (${user.role})` },
          },
        },
      }),
  },
  {
    name: 'model and client methods',
    extend: (client) =>
      client.$extends({
        name: 'methods',
        client: { $greet: () => 'hello' },
        model: {
          $allModels: {
            async exists<T>(this: T, where: Prisma.Args<T, 'findFirst'>['where']): Promise<boolean> {
              const context = Prisma.getExtensionContext(this) as unknown as {
                findFirst(args: object): Promise<unknown>
              }
              return (await context.findFirst({ where })) !== null
            },
          },
        },
      }),
  },
]
