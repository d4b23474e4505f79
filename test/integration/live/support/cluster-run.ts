/** A server of two processes that share a port, as Next.js and PM2 have; see processes.test.ts. */
import cluster from 'node:cluster'

if (cluster.isPrimary) for (const _ of [1, 2]) cluster.fork()
else await import('./application-run.ts')
