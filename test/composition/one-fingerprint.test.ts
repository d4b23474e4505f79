import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWorkload } from '@prisma-brisk/index-advisor'
import { brisk, type SinkRecord, type SlowQueryRecord } from 'prisma-brisk'
import { createDatabase } from '../support/databases.ts'

/** A refusal by the limits, a line of the slow-query log and a row of the advisor name one statement alike. */

test.each(['postgresql', 'mysql', 'sqlite'] as const)(
  'one statement has one fingerprint in all packages, on %s',
  async (provider) => {
    const database = await createDatabase(provider)
    const folder = mkdtempSync(join(tmpdir(), 'one-fingerprint-'))
    try {
      const records: SinkRecord[] = []
      const prisma = database.createClient().$extends(
        brisk({
          slowQuery: {
            threshold: 0.000_001,
            sinks: [{ write: (record) => void records.push(record) }],
          },
          pagination: { maxDriverRows: 1, onMissing: 'allow', onExceeded: 'allow' },
        }),
      )
      await prisma.tag.createMany({ data: [{ name: 'a' }, { name: 'b' }] })
      const read = prisma.tag.findMany({ where: { name: { in: ['a', 'b', 'c', 'd', 'e'] } } })
      const refusal = await read.then(
        () => undefined,
        (error: unknown) => error as { code: string; fingerprint: string },
      )
      expect(refusal).toMatchObject({ code: 'E_DRIVER_ROWS' })
      await prisma.$queries.flush()
      const logged = records.find(
        (each): each is SlowQueryRecord => each.type === 'slow-query' && each.operation === 'findMany',
      )
      const log = join(folder, 'slow.ndjson')
      writeFileSync(log, `${JSON.stringify(logged)}\n`)
      const { queries } = await readWorkload(log, provider)
      expect([logged?.fingerprint, logged?.statements[0]?.fingerprint, queries[0]?.fingerprint]).toEqual(
        Array(3).fill(refusal?.fingerprint),
      )
    } finally {
      rmSync(folder, { recursive: true })
      await database.drop()
    }
  },
)
