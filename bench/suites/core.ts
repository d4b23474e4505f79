import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { buildPackages } from '../../scripts/build.ts'
import { median, type Bench } from '../harness.ts'
import { memoryClients, readList, readOne } from '../hook-floor.ts'
import { wideSchema } from '../wide-schema.ts'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** What the suite itself costs: a call, the schema model, the types. */
export async function run(bench: Bench): Promise<void> {
  await overheads(bench)
  await schemaModel(bench)
  await types(bench)
}

async function overheads(bench: Bench): Promise<void> {
  if (!bench.wants('core/hook-floor') && !bench.wants('core/brisk-overhead')) return
  const clients = await memoryClients()
  const bare = clients.bare()
  const floor = clients.floor()
  const extended = clients.bare().$extends(brisk()) as unknown as PrismaClient
  await bench.compare({
    bench: 'core/hook-floor',
    subject: readOne(floor),
    baselines: [{ name: 'prisma', run: readOne(bare) }],
    rounds: 51,
    times: 100,
    unit: 'µs',
  })
  const [one, list] = [mixed(floor), mixed(extended)]
  await bench.overhead('core/brisk-overhead', one, list, 15)
  await clients.close()
}

/** Single-row and list reads by halves. */
const mixed = (client: PrismaClient) => async (times: number) => {
  await readOne(client)(times / 2)
  await readList(client)(times / 2)
}

/** The first use of the model in a fresh process, parsing included; and that nothing is paid before it. */
async function schemaModel(bench: Bench): Promise<void> {
  const name = 'core/schema-model/300-models'
  if (!bench.wants(name)) return
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const script = join(root, 'bench/schema-model-load.ts')
    const { stdout } = await execute(
      process.execPath,
      ['--import', 'tsx', '--conditions=@prisma-brisk/source', script, '300'],
      { cwd: root },
    )
    times.push(Number(stdout))
  }
  bench.limited(name, median(times), 'ms', 150)
}

/** Types and seconds that `brisk()` adds to a client of 120 models, over the bare client doing the same calls. */
async function types(bench: Bench): Promise<void> {
  if (!bench.wants('core/types/120-models')) return
  const built = await buildPackages()
  if (built.code !== 0) throw new Error(built.output)
  const folder = join(root, '.brisk/bench-types')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const generator = `generator client {
  provider = "prisma-client"
  output   = "./generated"
  moduleFormat = "esm"
  importFileExtension = "ts"
}`
  writeFileSync(join(folder, 'schema.prisma'), wideSchema(120, generator))
  const prisma = join(
    dirname(createRequire(import.meta.url).resolve('prisma/package.json')),
    'build/index.js',
  )
  await execute(process.execPath, [prisma, 'generate', '--schema', join(folder, 'schema.prisma')], {
    cwd: folder,
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
  })
  for (const variant of VARIANTS) {
    writeFileSync(join(folder, `${variant}.ts`), program(variant))
    writeFileSync(
      join(folder, `tsconfig.${variant}.json`),
      JSON.stringify({
        extends: '../../tsconfig.base.json',
        compilerOptions: { customConditions: [], types: ['node'] },
        files: [`${variant}.ts`],
      }),
    )
  }
  const measured = await Promise.all([checked(folder, 'bare'), checked(folder, 'brisk')])
  bench.limited('core/types/120-models', measured[1].types - measured[0].types, 'types', 12_000)
  const seconds = { bare: [] as number[], extended: [] as number[], brisk: [] as number[] }
  for (let round = 0; round < 5; round++) {
    for (const variant of VARIANTS) seconds[variant].push((await checked(folder, variant)).seconds)
  }
  const [bare, extended, brisk] = VARIANTS.map((variant) => median(seconds[variant])) as [
    number,
    number,
    number,
  ]
  bench.limited('core/types/120-models', Math.max(0, brisk - bare), 's', 0.5)
  bench.compared('core/types/120-models', brisk, 's', 'bare', bare)
  // What Prisma's own types of an extended client take, whatever extends it.
  bench.compared('core/types/120-models', brisk, 's', 'extended', extended)
}

/** The client as it is, with an extension that adds nothing, and with the suite. */
const VARIANTS = ['bare', 'extended', 'brisk'] as const
type Variant = (typeof VARIANTS)[number]
const extensions: Readonly<Record<Variant, string>> = {
  bare: '',
  extended: '.$extends({})',
  brisk: '.$extends(brisk())',
}

function program(variant: Variant): string {
  return `import { PrismaClient } from './generated/client.ts'
${variant === 'brisk' ? "import { brisk } from 'prisma-brisk'\n" : ''}
const base = new PrismaClient({ adapter: undefined as never })
export const prisma = base${extensions[variant]}
export const rows = prisma.model1.findMany({ where: { state: 'DRAFT' }, include: { children: true } })
export const one = prisma.model2.findUnique({ where: { id: 1 }, select: { id: true } })
export const count = prisma.model3.count({ where: { views: { gt: 1 } } })
export const work = prisma.$transaction(async (tx) => tx.model4.findFirst({ where: { id: 1 } }))
`
}

/** Checks against the built declarations, as an application would. */
async function checked(folder: string, variant: string): Promise<{ types: number; seconds: number }> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'lib/tsc.js')
  const { stdout } = await execute(process.execPath, [
    tsc,
    '-p',
    join(folder, `tsconfig.${variant}.json`),
    '--extendedDiagnostics',
  ])
  const reading = (label: string) => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, 'm').exec(stdout)?.[1])
  return { types: reading('Types'), seconds: reading('Total time') }
}
