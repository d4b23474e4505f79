/** Changes that the binary log of MySQL and MariaDB tells, whoever wrote. */
export * from '@prisma-brisk/cache/mysql-binlog'
