/** Changes that triggers of PostgreSQL tell, and the SQL that makes them. */
export { postgresTriggers, type PostgresTriggersOptions } from './changes/postgres/postgres-triggers.ts'
export {
  installTriggersSql,
  uninstallTriggersSql,
  type TriggerSettings,
} from './changes/postgres/trigger-sql.ts'
