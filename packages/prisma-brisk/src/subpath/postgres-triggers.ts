/** Changes that triggers of PostgreSQL tell, whoever wrote. */
export * from '@prisma-brisk/cache/postgres-triggers'
