/** One call, and then an end without any ceremony. */
import { isMainThread } from 'node:worker_threads'
import { prisma } from './feed.js'

await prisma.tag.findMany({ take: 2 })
if (isMainThread) process.kill(process.pid, 'SIGKILL')
else process.exit(0)
