import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../src/app.ts'
import { observed } from '../src/database.ts'
import { embeddedClient } from '../src/embedded.ts'
import { findings, logged } from './findings.ts'
import { traffic } from './traffic.ts'

// Starts the service, loads it, and prints what its log, its metrics and the report of loops say.
const directory = mkdtempSync(join(tmpdir(), 'observability-'))
const log = join(directory, 'slow-queries.ndjson')
const prisma = observed(await embeddedClient(), log)
const app = await createApp(prisma)
const origin = await app.listen({ port: 0 })
await traffic(origin)
const metrics = await (await fetch(`${origin}/metrics`)).text()
await app.close()
console.log(findings(logged(log), metrics))
rmSync(directory, { recursive: true })
