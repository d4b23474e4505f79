import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  canonicalize,
  fromMetadata,
  identity,
  parseSchema,
  readModels,
  toMetadata,
  writtenModels,
} from '@prisma-brisk/core'
import { inTurn, median, type Bench } from '../harness.ts'
import { wideSchema } from '../wide-schema.ts'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** What core asks of a call before anything is decided, and what the whole schema model costs. */
export async function run(bench: Bench): Promise<void> {
  const schema = parseSchema(wideSchema(300), 'inline')
  const find = {
    where: { parentId: 7, state: 'PUBLISHED', createdAt: { gte: new Date(0) } },
    orderBy: { createdAt: 'desc' },
    take: 10,
    include: { parent: true },
  }
  const update = { where: { id: 1 }, data: { title: 'x', parent: { connect: { id: 2 } } } }
  const text = canonicalize(find)
  await perCall(bench, 'core/canonical/find-many', 4, () => canonicalize(find))
  await perCall(bench, 'core/canonical/identity', 4.5, () => identity(text))
  await perCall(bench, 'core/read-models/find-many', 4, () => readModels(schema, 'Model7', 'findMany', find))
  await perCall(bench, 'core/written-models/update', 4, () =>
    writtenModels(schema, 'Model7', 'update', update),
  )
  await whole(bench)
  const metadata = toMetadata(schema)
  await perCall(
    bench,
    'core/schema-model/300-models-generated',
    50_000,
    () => [...fromMetadata(metadata, 'generator').models.values()],
    5,
  )
}

/** Microseconds of one call, warm. */
async function perCall(
  bench: Bench,
  name: string,
  limit: number,
  call: () => unknown,
  times = 20_000,
): Promise<void> {
  if (!bench.wants(name)) return
  const run = (count: number): void => {
    for (let index = 0; index < count; index++) call()
  }
  const [measured] = await inTurn([{ name: 'call', run }], 15, times)
  bench.limited(name, median(measured ?? []) * 1000, 'µs', limit)
}

/** All 300 models at once in a fresh process; an application pays for those it uses, see `core/schema-model/300-models`. */
async function whole(bench: Bench): Promise<void> {
  const name = 'core/schema-model/300-models-whole'
  if (!bench.wants(name)) return
  const values: number[] = []
  for (let round = 0; round < 5; round++) {
    const script = join(root, 'bench/schema-model-load.ts')
    const { stdout } = await execute(
      process.execPath,
      ['--import', 'tsx', '--conditions=@prisma-brisk/source', script, '300', 'whole'],
      { cwd: root },
    )
    values.push(Number(stdout))
  }
  bench.limited(name, median(values), 'ms', 300)
}
