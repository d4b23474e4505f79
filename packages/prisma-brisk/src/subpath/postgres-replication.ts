/** Changes that PostgreSQL's logical replication tells, whoever wrote. */
export * from '@prisma-brisk/cache/postgres-replication'
