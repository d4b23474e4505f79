import { postgresReplication } from '@prisma-brisk/cache/postgres-replication'

/** Another process that hears of the changes of a server, until it is killed. */
postgresReplication(process.argv[2] ?? '').start({
  live: () => process.send?.('live'),
  lost: (error) => {
    throw error
  },
  changed: () => undefined,
  beat: () => undefined,
})
// Nothing that a source holds keeps a process alive.
process.on('message', () => undefined)
process.on('disconnect', () => process.exit())
