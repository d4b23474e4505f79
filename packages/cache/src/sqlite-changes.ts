/** Changes that other processes make to a file of SQLite. */
export { sqliteChanges, type SqliteChangesOptions } from './changes/sqlite/sqlite-changes.ts'
export type { SqliteDatabase } from './changes/sqlite/sqlite-connection.ts'
