/**
 * Structural ports of `@prisma/driver-adapter-utils`, so that no driver package is a dependency: the factory
 * makes adapters, an adapter makes transactions, both send statements.
 */
export interface SqlQuery {
  readonly sql: string
  readonly args: unknown[]
  readonly argTypes: unknown[]
}
export interface SqlQueryable {
  readonly provider: string
  readonly adapterName: string
  queryRaw(query: SqlQuery): Promise<{ rows: unknown[][] }>
  executeRaw(query: SqlQuery): Promise<number>
}
export interface SqlTransaction extends SqlQueryable {
  readonly options: { readonly usePhantomQuery: boolean }
  commit(): Promise<void>
  rollback(): Promise<void>
  createSavepoint?(name: string): Promise<void>
  rollbackToSavepoint?(name: string): Promise<void>
  releaseSavepoint?(name: string): Promise<void>
}
export interface SqlAdapter extends SqlQueryable {
  executeScript(script: string): Promise<void>
  startTransaction(isolationLevel?: string): Promise<SqlTransaction>
  dispose(): Promise<void>
  getConnectionInfo?(): { maxBindValues?: number; schemaName?: string; supportsRelationJoins: boolean }
}
export interface SqlAdapterFactory {
  readonly provider: string
  readonly adapterName: string
  connect(): Promise<SqlAdapter>
}

/** Follows a statement on the connection it runs on, and may hold that connection back. */
export interface ConnectionWatch {
  /** The statement has got this connection of the driver; what it throws fails the statement unsent. */
  taken(connection: object): void
  /** The driver has answered. The connection goes back, and the answer on, once this settles; at once for null. */
  answered(connection: object): PromiseLike<unknown> | null
}
