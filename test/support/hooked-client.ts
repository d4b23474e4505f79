/**
 * The client behind a hook of another extension, which passes everything on: calls then reach the suite by Prisma's own
 * way, where those of a client itself take the short one.
 */
export function hooked<Client extends object>(client: Client): Client {
  const extension = {
    name: 'passes on',
    query: {
      $allOperations: ({ args, query }: { args: unknown; query(args: unknown): Promise<unknown> }) =>
        query(args),
    },
  }
  return (client as unknown as { $extends(extension: object): Client }).$extends(extension)
}
