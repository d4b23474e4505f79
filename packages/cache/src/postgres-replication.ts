/** Changes that PostgreSQL's logical replication tells, and the SQL that makes its publication. */
export {
  postgresReplication,
  type PostgresReplicationOptions,
} from './changes/postgres/postgres-replication.ts'
export {
  installReplicationSql,
  uninstallReplicationSql,
  type ReplicationSettings,
} from './changes/postgres/replication-sql.ts'
