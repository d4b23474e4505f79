/** Where the tests find their servers: the environment, else the usual local ports. */
export function postgresUrl(): string {
  return process.env.POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
}

export function mariadbUrl(): string {
  return process.env.MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/mysql'
}

export function redisUrl(): string {
  return process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
}
