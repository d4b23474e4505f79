import { join } from 'node:path'
import { readVerdicts, verdictsOf, type Bench, type Cell, type CellResult, type RunVerdict } from './cell.ts'
import { DRIVERS } from './drivers.ts'
import { nodeOf, NODES } from './runtimes.ts'
import { programOf, type ProgramOptions, type Run } from './program.ts'
import {
  catalogVersion,
  compiled,
  succeed,
  type Application,
  type Dependencies,
  type ModuleFormat,
} from './workshop.ts'
import { run } from '../../../scripts/program.ts'

export const frameworkCells: Cell[] = [
  { name: 'jest', group: 'Test runners and frameworks', run: checkJest },
  { name: 'vitest', group: 'Test runners and frameworks', run: checkVitest },
  { name: 'nestjs', group: 'Test runners and frameworks', run: checkNest },
  { name: 'nextjs', group: 'Test runners and frameworks', run: checkNext },
]

const driver = DRIVERS.pg
const client = catalogVersion('@prisma/client')

/** An application on PostgreSQL with one run of the checks, ready to be loaded as `program`. */
async function applicationWith(
  bench: Bench,
  name: string,
  format: ModuleFormat,
  packages: Dependencies,
  without: ProgramOptions['without'] = {},
): Promise<Application> {
  const application = await bench.workshop.application(name, {
    '@prisma/client': client,
    ...driver.packages,
    ...packages,
  })
  application.writeConformance(format)
  await application.writeClient('client-postgresql', 'postgresql', {
    provider: 'prisma-client',
    moduleFormat: format,
    importFileExtension: 'js',
    runtime: 'nodejs',
  })
  writeProgram(application, { name, driver, url: await bench.database('postgresql') }, format, without)
  return application
}

function writeProgram(
  application: Application,
  run: Run,
  format: ModuleFormat,
  without: ProgramOptions['without'] = {},
): void {
  const conformance = format === 'esm' ? 'conformance' : 'conformance-cjs'
  const file = format === 'esm' ? 'program.js' : 'program.cjs'
  application.write(file, compiled(file, format, programOf([run], { conformance, without })))
}

const renamed = (verdicts: readonly RunVerdict[], run: string): RunVerdict[] =>
  verdicts.map((verdict) => ({ ...verdict, run }))

/** CommonJS as NestJS users test: in Jest's two environments, and with faked timers. */
async function checkJest(bench: Bench): Promise<CellResult> {
  const packages = { jest: catalogVersion('jest'), 'jest-environment-jsdom': catalogVersion('jest') }
  const application = await applicationWith(bench, 'jest', 'cjs', packages)
  const url = await bench.database('postgresql')
  const warnings = 'Jest gives tests a process of their own'
  const frozen = 'faked time stands still, so that nothing takes any'
  const verdicts: RunVerdict[] = []
  for (const [name, environment, head] of [
    ['node', 'node', ''],
    // What pg takes for granted, and jsdom does not have.
    [
      'jsdom',
      'jsdom',
      `globalThis.TextEncoder = require('node:util').TextEncoder\nglobalThis.TextDecoder = require('node:util').TextDecoder`,
    ],
    ['node, fake timers', 'node', `jest.useFakeTimers({ doNotFake: ['nextTick'] })`],
  ] as const) {
    application.write(
      'checks.test.cjs',
      `/** @jest-environment ${environment} */
const { appendFileSync } = require('node:fs')
${head}
test('the checks', async () => {
  const { runChecks } = require('./program.cjs')
  await runChecks((line) => appendFileSync('verdicts.ndjson', line + '\\n'))
}, 300000)
`,
    )
    const without = {
      warnings,
      ...(head.includes('Fake') ? { time: frozen, clock: frozen } : {}),
    }
    writeProgram(application, { name, driver, url }, 'cjs', without)
    application.write('verdicts.ndjson', '')
    application.write(
      'jest.config.cjs',
      `module.exports = { testMatch: ['**/*.test.cjs'], testEnvironmentOptions: { customExportConditions: ['node', 'node-addons'] } }`,
    )
    verdicts.push(
      ...renamed(
        await withFile(application, 'node_modules/jest/bin/jest.js', ['--runInBand', '--forceExit']),
        name,
      ),
    )
  }
  return { versions: { jest: packages.jest, node: process.versions.node }, verdicts }
}

async function checkVitest(bench: Bench): Promise<CellResult> {
  const packages = { vitest: '5.1.2' }
  // It asks for Node 22.
  const node = await nodeOf(bench.workshop, 'node-22')
  const application = await applicationWith(bench, 'vitest', 'esm', packages)
  application.write('verdicts.ndjson', '')
  application.write(
    'checks.test.js',
    `import { test } from 'vitest'
import { appendFileSync } from 'node:fs'
import { runChecks } from './program.js'
test('the checks', async () => {
  await runChecks((line) => appendFileSync('verdicts.ndjson', line + '\\n'))
}, 300_000)
`,
  )
  const verdicts = await withFile(application, 'node_modules/vitest/vitest.mjs', ['run'], node)
  return {
    versions: { vitest: packages.vitest, node: NODES['node-22'] },
    verdicts: renamed(verdicts, 'node'),
  }
}

/** Runs a test runner whose test writes its verdicts into a file. */
async function withFile(
  application: Application,
  program: string,
  args: readonly string[],
  node = process.execPath,
): Promise<RunVerdict[]> {
  const env = ['-u', 'NODE_OPTIONS', 'NO_COLOR=1', 'CI=1', 'BRISK_SLOW_QUERY_MS=60000', 'BRISK_LOG=off']
  const { code, output } = await run('env', [...env, node, program, ...args], application.directory)
  return readVerdicts(`${application.read('verdicts.ndjson')}\n${output}`, code, 'the runner')
}

/** A Nest application whose module provides the client, and whose controller runs the checks. */
async function checkNest(bench: Bench): Promise<CellResult> {
  const packages = Object.fromEntries(
    ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'].map((name) => [
      name,
      catalogVersion(name),
    ]),
  )
  const application = await applicationWith(bench, 'nestjs', 'cjs', packages)
  application.write(
    'main.cjs',
    `require('reflect-metadata')
const { Controller, Get, Module } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { runChecks } = require('./program.cjs')
class Checks {
  async run() { const lines = []; await runChecks((line) => lines.push(line)); return lines.join('\\n') }
}
Reflect.decorate([Get()], Checks.prototype, 'run', Object.getOwnPropertyDescriptor(Checks.prototype, 'run'))
Reflect.decorate([Controller('checks')], Checks)
class Application {}
Reflect.decorate([Module({ controllers: [Checks] })], Application)
async function main() {
  const app = await NestFactory.create(Application, { logger: ['error'] })
  await app.listen(0, '127.0.0.1')
  const response = await fetch(await app.getUrl() + '/checks')
  console.log(await response.text())
  await app.close()
  process.exit(response.ok ? 0 : 1)
}
void main()
`,
  )
  const verdicts = await verdictsOf(application, process.execPath, ['main.cjs'], 'a controller')
  return {
    versions: { '@nestjs/core': packages['@nestjs/core'] as string, node: process.versions.node },
    verdicts: renamed(verdicts, 'a controller'),
  }
}

/** \`output: 'standalone'\`: what the build has traced is all there is. */
async function checkNext(bench: Bench): Promise<CellResult> {
  const packages = Object.fromEntries(
    ['next', 'react', 'react-dom'].map((name) => [name, catalogVersion(name)]),
  )
  const application = await applicationWith(bench, 'nextjs', 'esm', packages, {
    stacks: 'in a bundle a call cannot be told from Prisma’s own code',
  })
  application.remove('.next') // what a build that was ended has locked
  application.write(
    'next.config.mjs',
    `export default { output: 'standalone', outputFileTracingRoot: import.meta.dirname }\n`,
  )
  application.write(
    'app/checks/route.js',
    `import { runChecks } from '../../program.js'
export const dynamic = 'force-dynamic'
export async function GET() {
  const lines = []
  await runChecks((line) => lines.push(line))
  return new Response(lines.join('\\n'))
}
`,
  )
  application.write(
    'app/layout.js',
    `import { createElement } from 'react'
export default function Layout({ children }) { return createElement('html', null, createElement('body', null, children)) }
`,
  )
  succeed(
    await run(
      'env',
      [
        '-u',
        'NODE_OPTIONS',
        'NEXT_TELEMETRY_DISABLED=1',
        process.execPath,
        'node_modules/next/dist/bin/next',
        'build',
      ],
      application.directory,
    ),
  )
  application.write(
    'serve.mjs',
    `import { spawn } from 'node:child_process'
const server = spawn(process.execPath, ['.next/standalone/server.js'], { env: { ...process.env, PORT: '0', HOSTNAME: '127.0.0.1' }, stdio: ['ignore', 'pipe', 'inherit'] })
let seen = ''
const url = await new Promise((resolve, reject) => {
  server.once('exit', () => reject(new Error('the server ended: ' + seen)))
  server.stdout.on('data', (text) => {
    seen += text
    const match = /http:\\/\\/(?:127\\.0\\.0\\.1|localhost):(\\d+)/.exec(seen)
    if (match && /Ready/.test(seen)) resolve('http://127.0.0.1:' + match[1])
  })
})
const response = await fetch(url + '/checks')
console.log(await response.text())
server.kill()
process.exit(response.ok ? 0 : 1)
`,
  )
  const verdicts = await verdictsOf(application, process.execPath, [join('serve.mjs')], 'standalone')
  return {
    versions: { next: packages['next'] as string, node: process.versions.node },
    verdicts: renamed(verdicts, 'a route, output: standalone'),
  }
}
