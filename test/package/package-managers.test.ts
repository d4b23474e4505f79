import { createClient } from '@libsql/client'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packPackages, type PackedPackage } from '../../scripts/packed-package.ts'
import { documentedCommands } from './documented-commands.ts'
import { succeed } from './installed-project.ts'
import { ManagedProject } from './managed-project.ts'

/** The first day with each package manager: what the documentation says to type works, in an application of its own. */

const place = mkdtempSync(join(tmpdir(), 'brisk-managers-'))
let packed: PackedPackage[]
beforeAll(async () => {
  packed = await packPackages(join(place, 'tarballs'))
}, 120_000)
afterAll(() => rmSync(place, { recursive: true, force: true }))

const application = {
  'prisma.config.ts': 'export default { datasource: { url: process.env.DATABASE_URL } }\n',
  'prisma/schema.prisma': `generator client {
  provider = "prisma-client"
  output   = "../src/generated/prisma"
}

datasource db {
  provider = "sqlite"
}

model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}
`,
  'src/db.ts': `import { PrismaClient } from './generated/prisma/client.js'

export const prisma = new PrismaClient({ adapter: null as never })
`,
  // Compiles before brisk comes; helpers that say Prisma's names for a transaction and for a model would not, after.
  'src/users.ts': `import { Prisma } from './generated/prisma/client.js'
import { prisma } from './db.js'

export async function rename(tx: Prisma.TransactionClient, id: number, email: string) {
  await tx.user.update({ where: { id }, data: { email } })
}
export const byId = (users: Prisma.UserDelegate, id: number) =>
  users.findUnique({ where: { id } })
export const first = () => byId(prisma.user, 1)
export const renameFirst = () => prisma.$transaction(async (tx) => rename(tx, 1, 'ada@example.org'))
`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      noEmit: true,
      noUnusedLocals: true,
      target: 'ES2022',
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      skipLibCheck: true,
      types: [],
    },
    include: ['src'],
  }),
}

const line = (ms: number) =>
  JSON.stringify({
    type: 'slow-query',
    ms,
    statements: [{ sql: 'SELECT * FROM "Post" WHERE "authorId" = ?', ms, rows: 1 }],
  })

/** The commands that the documentation shows; `init` and `generate` come before the advisor is installed. */
const commands = documentedCommands().filter((command) => command !== 'npx brisk init')

/** npm with every run; the others, which each take minutes, by night. */
const MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const
const wanted = (process.env['BRISK_MANAGERS'] ?? 'npm').split(',')

describe.each(MANAGERS.filter((manager) => wanted.includes(manager)))('%s', (manager) => {
  let project: ManagedProject
  beforeAll(async () => {
    project = await ManagedProject.create(manager, packed, join(place, 'tools'))
    project.write(application)
    await project.add('prisma-brisk', 'dependencies')
  }, 300_000)
  afterAll(() => project?.remove())

  test('KN1 KN6 KN14 brisk is the suite’s: init sets the project up, and it compiles', async () => {
    expect(succeed(await project.npx('npx brisk --help'))).toMatch(/init .*\n[^]*advise /)
    succeed(await project.npx('npx prisma generate'))
    const compile = () => project.npx('npx tsc -p tsconfig.json')
    succeed(await compile())
    const output = succeed(await project.npx('npx brisk init --yes'))
    expect(output).toContain('Next: ')
    expect(project.read('src/db.ts')).toContain(`import './generated/brisk-schema.js'`)
    succeed(await compile())
    const written = project.read('src/generated/brisk-schema.ts')
    succeed(await project.npx('npx prisma generate'))
    expect(project.read('src/generated/brisk-schema.ts')).toBe(written)
  }, 300_000)

  test('KN5 subpaths of the suite resolve', async () => {
    const subpaths = ['express', 'fastify', 'hono', 'testing', 'store-suite']
    project.write({ 'subpaths.mjs': subpaths.map((each) => `import 'prisma-brisk/${each}'\n`).join('') })
    succeed(await project.shell('node subpaths.mjs'))
  }, 60_000)

  test('KN17 the advisor does not come into production, and its commands say how to get it', async () => {
    for (const heavy of ['@libsql', 'ts-morph', 'libpg-query', '@prisma-brisk/index-advisor'])
      expect({ heavy, isThere: project.has(`node_modules/${heavy}`) }).toEqual({ heavy, isThere: false })
    const { code, output } = await project.npx('npx brisk advise')
    const install = {
      npm: 'npm install --save-dev',
      pnpm: 'pnpm add --dev',
      yarn: 'yarn add --dev',
      bun: 'bun add --dev',
    }
    expect(output).toContain(
      `brisk: advise needs the index advisor, which is not installed: ${install[manager]} @prisma-brisk/index-advisor\n`,
    )
    expect(code).not.toBe(0)
  }, 60_000)

  test('every command of the documentation runs', async () => {
    await project.add('@prisma-brisk/index-advisor', 'devDependencies')
    project.write({
      'slow-queries.ndjson': Array.from({ length: 30 }, () => line(200)).join('\n'),
      'after.ndjson': Array.from({ length: 30 }, () => line(2)).join('\n'),
    })
    await createTables(join(project.directory, 'dev.db'))
    succeed(await project.npx('npx brisk advise --baseline brisk-baseline.json --update-baseline'))
    expect(commands.length).toBeGreaterThan(8)
    for (const command of commands) {
      const { code, output } = await project.npx(command)
      if (/brisk changes/.test(command)) {
        // This project's database has no triggers of that kind, which is said.
        expect([code, output]).toEqual([2, expect.stringContaining('are made on PostgreSQL')])
        continue
      }
      if (/brisk (live|requests?|mcp|record|check)\b/.test(command)) {
        // It is a package of its own, as the advisor is.
        expect([code, output]).toEqual([2, expect.stringContaining('@prisma-brisk/live\n')])
        continue
      }
      if (command.includes('mysql://')) {
        expect([code, output]).toEqual([2, expect.stringContaining('install its driver')])
        continue
      }
      // 1: there is something to do, which is what these were asked.
      const mayFind = /--check|verify/.test(command)
      if (code !== 0 && !(mayFind && code === 1)) throw new Error(`${command} ends with ${code}:\n${output}`)
    }
    // What they wrote is seen by the next run.
    expect(project.read('prisma/schema.prisma')).toContain('@@index([authorId])')
  }, 600_000)
})

async function createTables(file: string): Promise<void> {
  const client = createClient({ url: `file:${file}` })
  await client.executeMultiple(`CREATE TABLE "User" (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE "Post" (id INTEGER PRIMARY KEY, title TEXT NOT NULL, "authorId" INTEGER NOT NULL REFERENCES "User" (id));`)
  client.close()
}
