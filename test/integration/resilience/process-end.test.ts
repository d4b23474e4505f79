import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SinkRecord } from '@prisma-brisk/slow-query'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { freePort } from '../../support/server-process.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import type { EndingProcess } from './support/ending-process.ts'

let database: TestDatabase<PrismaClient>
let plain: PrismaClient
let directory: string
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'brisk-ending-'))
  database = await createDatabase('postgresql')
  plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
})
afterAll(async () => {
  await database.drop()
  rmSync(directory, { recursive: true })
})
beforeEach(async () => {
  await plain.tag.deleteMany()
  rmSync(join(directory, 'slow.ndjson'), { force: true })
})

const CHILD = join(import.meta.dirname, 'support/ending-process.ts')
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const TAGS = ['first', 'second', 'third', 'fourth']

/** A real client in a process of its own, its tasks queued. */
async function started({ logs = false, ...plan }: Partial<EndingProcess> & { logs?: boolean }) {
  const log = logs ? join(directory, 'slow.ndjson') : null
  const whole: EndingProcess = {
    database: database.url,
    tags: TAGS,
    log,
    ends: 'signal',
    isImpatient: false,
    late: null,
    ...plan,
  }
  const child = spawn(
    process.execPath,
    ['--conditions=@prisma-brisk/source', '--import', TSX, CHILD, JSON.stringify(whole)],
    { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const closed = once(child, 'close') as Promise<[code: number | null, signal: string | null]>
  await Promise.race([once(child.stdout, 'data'), closed])
  return {
    kill: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' = 'SIGTERM') => child.kill(signal),
    /** Resolves when it has said something of this kind. */
    says: async (pattern: RegExp) => {
      while (!pattern.test(said)) await once(child.stderr, 'data')
    },
    /** How it ended, and all it said, without where Node offers more. */
    ended: async () => {
      const [code, signal] = await closed
      return { code, signal, said: said.replace(/^\(Use `node --trace-warnings.*\n/m, '') }
    },
    logged: (): SinkRecord[] =>
      log === null || !existsSync(log)
        ? []
        : readFileSync(log, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as SinkRecord),
  }
}

const written = async (): Promise<string[]> =>
  (await plain.tag.findMany({ orderBy: { id: 'asc' } })).map(({ name }) => name)

/** A statement that a process had sent is run by the server once the table is free, though the process has died. */
const writtenBesides = async (sent: string): Promise<string[]> =>
  (await written()).filter((name) => name !== sent)

/** Nobody else gets at the table until `work` is done. */
const withTagsLocked = <T>(work: () => Promise<T>): Promise<T> =>
  plain.$transaction(
    async (tx) => {
      await tx.$executeRawUnsafe('LOCK TABLE "Tag" IN ACCESS EXCLUSIVE MODE')
      return await work()
    },
    { timeout: 30_000 },
  )

describe('R3 a process with a real client ends once its deferred tasks are done', () => {
  test('SIGTERM, with nobody else listening: by that signal', async () => {
    const child = await started({})
    child.kill()
    expect(await child.ended()).toEqual({ code: null, signal: 'SIGTERM', said: '' })
    expect(await written()).toEqual(TAGS)
  })

  test.each(['SIGINT', 'SIGHUP'] as const)(
    'KP20 %s, with nobody else listening: by that signal',
    async (signal) => {
      const child = await started({})
      child.kill(signal)
      expect(await child.ended()).toEqual({ code: null, signal, said: '' })
      expect(await written()).toEqual(TAGS)
    },
  )

  test('SIGTERM, with a listener of its own: as that will have it, and it hears of it once', async () => {
    const child = await started({ ends: 'own handler' })
    child.kill()
    expect(await child.ended()).toEqual({ code: 0, signal: null, said: 'told to end\n' })
    expect(await written()).toEqual(TAGS)
  })

  test('$disconnect', async () => {
    const child = await started({ ends: '$disconnect' })
    expect(await child.ended()).toEqual({ code: 0, signal: null, said: '' })
    expect(await written()).toEqual(TAGS)
  })

  test('SIGTERM while the database lets nothing through: it says so, and goes on', async () => {
    const child = await withTagsLocked(async () => {
      const waiting = await started({ isImpatient: true })
      waiting.kill()
      await waiting.says(/W_DEFERRED_PENDING/)
      return waiting
    })
    const { signal, said } = await child.ended()
    expect(signal).toBe('SIGTERM')
    expect(said).toMatch(/^\(node:\d+\) \[W_DEFERRED_PENDING\] PrismaBriskWarning: .*4 deferred tasks.*\n$/)
    expect(await written()).toEqual(TAGS)
  })

  test.each(['other client', 'report'] as const)(
    'SIGTERM: those too that are deferred only then (%s)',
    async (late) => {
      const child = await withTagsLocked(async () => {
        const waiting = await started({ isImpatient: true, late })
        waiting.kill()
        await waiting.says(/W_DEFERRED_PENDING/)
        return waiting
      })
      expect((await child.ended()).signal).toBe('SIGTERM')
      expect(await written()).toEqual([...TAGS, 'late'])
    },
  )
})

describe('R3 a process that cannot do its deferred tasks says so', () => {
  test.each(['signal', '$disconnect'] as const)('a task that fails on %s, in the log', async (ends) => {
    await plain.tag.create({ data: { name: 'fourth' } })
    const child = await started({ ends, logs: true })
    if (ends === 'signal') child.kill()
    await child.ended()
    const failures = child.logged().filter(({ type }) => type === 'deferred-failure')
    expect(failures).toMatchObject([{ error: { code: 'P2002' } }])
    const operations = child.logged().filter(({ type }) => type === 'slow-query')
    expect(operations).toHaveLength(4)
    expect(await written()).toEqual(['fourth', 'first', 'second', 'third'])
  })

  test.each(['signal', '$disconnect'] as const)('a task that fails on %s, as a warning', async (ends) => {
    await plain.tag.create({ data: { name: 'fourth' } })
    const child = await started({ ends })
    if (ends === 'signal') child.kill()
    expect((await child.ended()).said).toMatch(
      /^\(node:\d+\) \[W_DEFERRED_FAILED\] PrismaBriskWarning: prisma-brisk: the deferred Tag\.create at \S+ending-process\.ts:\d+:\d+ failed \(P2002\)\.\n$/,
    )
  })

  test('a database that is not there: every task', async () => {
    const child = await started({
      database: `postgresql://postgres@127.0.0.1:${await freePort()}/nowhere`,
      logs: true,
    })
    child.kill()
    expect((await child.ended()).signal).toBe('SIGTERM')
    expect(child.logged().filter(({ type }) => type === 'deferred-failure')).toHaveLength(TAGS.length)
  })

  test.each([
    ['a listener for SIGTERM that exits', 'handler that exits', 0],
    ['an uncaught error', 'crash', 1],
  ] as const)('%s: how many are lost', async (_, ends, code) => {
    await withTagsLocked(async () => {
      const child = await started({ ends })
      if (ends === 'handler that exits') child.kill()
      const ended = await child.ended()
      expect(ended.code).toBe(code)
      expect(ended.said).toMatch(/\[W_DEFERRED_LOST\] PrismaBriskWarning: .*4 deferred tasks/)
    })
    expect(await writtenBesides('first')).toEqual([])
  })

  test('a second SIGTERM ends it at once: how many are lost', async () => {
    await withTagsLocked(async () => {
      const child = await started({ isImpatient: true })
      child.kill()
      await child.says(/W_DEFERRED_PENDING/)
      child.kill()
      const { signal, said } = await child.ended()
      expect(signal).toBe('SIGTERM')
      expect(said).toMatch(/\[W_DEFERRED_LOST\] PrismaBriskWarning: .*4 deferred tasks/)
    })
    expect(await writtenBesides('first')).toEqual([])
  })
})
