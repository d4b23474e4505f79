/** Changes that the binary log of MySQL and MariaDB tells. */
export { mysqlBinlog, type MysqlBinlogOptions } from './changes/mysql/mysql-binlog.ts'
