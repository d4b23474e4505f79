import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generateMetadata } from '@prisma-brisk/core/generator'
import { dayOne } from '../src/init/mounted-source.ts'
import { brisk as mountable } from '../src/index.ts'
import { initCommand } from '../src/init/init-command.ts'
import { planInit } from '../src/init/init.ts'

const schema = `// the shop
generator client {
  provider = "prisma-client"
  output   = "../src/generated"
}

datasource db {
  provider = "postgresql"
}

model User {
  id Int @id
}
`
const clientFile = `import { PrismaClient } from './generated/client'

export const prisma = new PrismaClient({ adapter }).$extends(softDelete)
`

/** What is written: nothing that changes an answer. */
const brisk = "brisk({ pagination: { limits: 'warn' }, resilience: { timeout: false } })"

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'brisk-init-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const put = (files: Record<string, string>) => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
}
const read = (path: string) => readFileSync(join(cwd, path), 'utf8')
const init = async (options: Parameters<typeof initCommand>[0] = { yes: true }, answer = false) => {
  let output = ''
  const code = await initCommand(options, {
    cwd,
    stdout: (text) => (output += text),
    confirm: async () => answer,
  })
  return { code, output }
}

test('adds the generator block and mounts brisk() last, and changes nothing else', async () => {
  put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile })
  const { code, output } = await init()
  expect(code).toBe(0)
  expect(output).toContain('+  provider = "prisma-brisk"')
  expect(read('prisma/schema.prisma')).toBe(
    schema.replace('generated"\n}\n', 'generated"\n}\n\ngenerator brisk {\n  provider = "prisma-brisk"\n}\n'),
  )
  expect(read('src/db.ts')).toBe(`import { PrismaClient } from './generated/client'
import { brisk } from 'prisma-brisk'
import './brisk-schema'

export const prisma = new PrismaClient({ adapter }).$extends(softDelete).$extends(${brisk})
`)
})

test('is safe to run twice', async () => {
  put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile })
  await init()
  const after = [read('prisma/schema.prisma'), read('src/db.ts')]
  const second = await init()
  expect(second).toEqual({ code: 0, output: 'Already set up, nothing to do.\n' })
  expect([read('prisma/schema.prisma'), read('src/db.ts')]).toEqual(after)
})

test('asks before it writes, and leaves everything when the answer is no', async () => {
  put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile })
  expect(await init({}, false)).toMatchObject({ code: 1 })
  expect([read('prisma/schema.prisma'), read('src/db.ts')]).toEqual([schema, clientFile])
  expect(await init({}, true)).toMatchObject({ code: 0 })
  expect(read(`src/db.ts`)).toContain(`.$extends(${brisk})`)
})

test('keeps CRLF, semicolons, CommonJS and a client behind ??', async () => {
  put({
    'prisma/schema.prisma': schema.replaceAll('\n', '\r\n'),
    'src/db.cjs': `const { PrismaClient } = require('@prisma/client')\nmodule.exports = globalThis.db ?? new PrismaClient({ adapter })\n`,
  })
  await init()
  expect(read('prisma/schema.prisma')).toContain('\r\n\r\ngenerator brisk {\r\n')
  expect(read('prisma/schema.prisma')).not.toMatch(/[^\r]\n/)
  expect(read('src/db.cjs')).toBe(
    `const { PrismaClient } = require('@prisma/client')\nconst { brisk } = require('prisma-brisk')\nmodule.exports = globalThis.db ?? new PrismaClient({ adapter }).$extends(${brisk})\n`,
  )
  rmSync(join(cwd, 'src/db.cjs'))
  put({ 'src/db.ts': `import { PrismaClient } from './x';\nexport const db = new PrismaClient();\n` })
  await init()
  expect(read('src/db.ts')).toBe(
    `import { PrismaClient } from './x';\nimport { brisk } from 'prisma-brisk';\nimport './brisk-schema';\nexport const db = new PrismaClient().$extends(${brisk});\n`,
  )
})

describe('the ways in which applications make their client', () => {
  const set = async (path: string, text: string) => {
    put({ 'prisma/schema.prisma': schema, [path]: text })
    const { code, output } = await init()
    expect(code).toBe(0)
    return { text: read(path), output }
  }

  test('globalThis with a type: a function makes the client and names the type', async () => {
    const { text } = await set(
      'src/lib/prisma.ts',
      `import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../generated/prisma/client";

const globalForPrisma = global as unknown as { prisma: PrismaClient };
const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
const prisma = globalForPrisma.prisma || new PrismaClient({ adapter });
if (process.env.NODE_ENV !== "production") globalForPrisma.prisma = prisma;
export default prisma;
`,
    )
    expect(text).toBe(`import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../generated/prisma/client";
import { brisk } from "prisma-brisk";
import "../brisk-schema";

const globalForPrisma = global as unknown as { prisma: ReturnType<typeof createPrisma> };
const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
function createPrisma() {
  return new PrismaClient({ adapter }).$extends(${brisk.replaceAll("'", '"')});
}

const prisma = globalForPrisma.prisma || createPrisma();
if (process.env.NODE_ENV !== "production") globalForPrisma.prisma = prisma;
export default prisma;
`)
  })

  test('one client for production and one for development, in one file', async () => {
    const { text } = await set(
      'db.ts',
      `import { PrismaClient } from './generated'
let prisma: PrismaClient
if (production) {
  prisma = new PrismaClient({ adapter })
} else {
  global.prisma ??= new PrismaClient({ adapter })
  prisma = global.prisma
}
`,
    )
    expect(text.match(/createPrisma\(\)\n/g)).toHaveLength(2)
    expect(text.match(/\$extends\(brisk\(/g)).toHaveLength(1)
    expect(text).toContain('let prisma: ReturnType<typeof createPrisma>\n')
  })

  test('a function that says what it returns: mounted, and the line is named', async () => {
    const { text, output } = await set(
      'db.ts',
      `import { PrismaClient } from './generated'\nexport function open(url: string): PrismaClient {\n  return new PrismaClient({ adapter: adapterOf(url) })\n}\n`,
    )
    expect(text).toContain(`new PrismaClient({ adapter: adapterOf(url) }).$extends(${brisk})`)
    expect(output).toMatch(/To do: db.ts:2 says PrismaClient/)
  })

  test('renamed, or a member of what was imported', async () => {
    expect(
      (await set('a.ts', `import { PrismaClient as Client } from './generated'\nconst db = new Client()\n`))
        .text,
    ).toContain(`new Client().$extends(${brisk})`)
    rmSync(join(cwd, 'a.ts'))
    expect(
      (await set('b.mjs', `import prisma from '@prisma/client'\nconst db = new prisma.PrismaClient()\n`))
        .text,
    ).toContain(`new prisma.PrismaClient().$extends(${brisk})`)
  })

  test('behind a hashbang and directives', async () => {
    const { text } = await set(
      'db.cjs',
      `#!/usr/bin/env node\n'use strict'\nglobal.db = new PrismaClient()\n`,
    )
    expect(text).toBe(
      `#!/usr/bin/env node\n'use strict'\nconst { brisk } = require('prisma-brisk')\nglobal.db = new PrismaClient().$extends(${brisk})\n`,
    )
  })

  test('a seed script beside it is left alone', async () => {
    put({ 'prisma/seed.ts': clientFile })
    await set('src/db.ts', clientFile)
    expect(read('prisma/seed.ts')).toBe(clientFile)
  })

  test('one that somebody extended by hand, wherever that is, is not extended again', async () => {
    put({
      'prisma/schema.prisma': schema,
      'src/client.ts': clientFile,
      'src/db.ts': `import { brisk } from 'prisma-brisk'\nimport { prisma } from './client'\nexport const db = prisma.$extends(brisk({ cache: false }))\n`,
    })
    await init()
    expect(read('src/client.ts')).toBe(clientFile)
  })
})

describe('KN14 the generated module', () => {
  test('is written as `prisma generate` will write it, and imported', async () => {
    put({ 'prisma/schema.prisma': schema, 'src/lib/db.ts': clientFile })
    await init()
    expect(read('src/lib/db.ts')).toContain(`import '../brisk-schema'\n`)
    const written = read('src/brisk-schema.ts')
    generateMetadata(read('prisma/schema.prisma'), join(cwd, 'generated.ts'))
    expect(written).toBe(read('generated.ts'))
  })

  test('is imported with the extension that the file’s other imports have', async () => {
    put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile.replace('/client', '/client.js') })
    await init()
    expect(read('src/db.ts')).toContain(`import './brisk-schema.js'\n`)
  })

  test('goes to .gitignore where the client beside it is ignored', async () => {
    put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile, '.gitignore': '/src/generated' })
    execFileSync('git', ['init', '-q'], { cwd })
    await init()
    expect(read('.gitignore')).toBe('/src/generated\n/src/brisk-schema.ts\n')
    expect((await init()).output).toBe('Already set up, nothing to do.\n')
  })
})

describe('KN4 the middleware of the framework goes in front of the routes', () => {
  const set = async (files: Record<string, string>) => {
    put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile, ...files })
    return init()
  }

  test('Express, with the client from its file', async () => {
    await set({
      'src/app.ts': `import express from 'express'\nimport { router } from './router.js'\n\nexport const app = express()\napp.use(router)\n`,
    })
    expect(read('src/app.ts')).toBe(`import express from 'express'
import { router } from './router.js'
import { prisma } from './db.js'
import { expressRequests } from 'prisma-brisk/express'

export const app = express()
app.use(expressRequests(prisma))
app.use(router)
`)
  })

  test('Express, where the client is made beside it, later', async () => {
    await set({
      'src/db.ts': `import express from 'express'\nimport { PrismaClient } from './generated/client'\nconst app = express()\nconst prisma = new PrismaClient({ adapter })\napp.get('/', home)\n`,
    })
    expect(read('src/db.ts')).toContain(
      `const prisma = new PrismaClient({ adapter }).$extends(${brisk})\napp.use(expressRequests(prisma))\napp.get('/', home)\n`,
    )
  })

  test('Express in CommonJS, in a function, with a client that is imported already', async () => {
    await set({
      'src/app.cjs': `const express = require('express')\nconst { prisma: db } = require('./db')\nfunction start() {\n  const app = express()\n  app.get('/', () => db.user.count())\n}\n`,
    })
    expect(read('src/app.cjs')).toBe(
      `const express = require('express')\nconst { prisma: db } = require('./db')\nconst { expressRequests } = require('prisma-brisk/express')\nfunction start() {\n  const app = express()\n  app.use(expressRequests(db))\n  app.get('/', () => db.user.count())\n}\n`,
    )
  })

  test('Express by import = require, as CommonJS in TypeScript has it', async () => {
    await set({
      'src/app.ts': `import express = require('express')\nconst app = express()\napp.get('/', home)\n`,
    })
    expect(read('src/app.ts')).toContain(`const app = express()\napp.use(expressRequests(prisma))\n`)
  })

  test('a server that cannot be told, or whose middleware is gone: said at every run', async () => {
    const app = `import express from 'express'\nexport const servers = [express(), express()]\n`
    const said =
      /To do: src\/app.ts: mount expressRequests\(prisma\) of prisma-brisk\/express before the routes/
    expect((await set({ 'src/app.ts': app })).output).toMatch(said)
    const again = await init()
    expect(again.output).toMatch(/^Already set up\.\n/)
    expect(again.output).toMatch(said)
    put({ 'src/app.ts': `${app}import { expressRequests } from 'prisma-brisk/express'\n` })
    expect((await init()).output).toBe('Already set up, nothing to do.\n')
  })

  test('Fastify and Hono', async () => {
    await set({ 'src/app.ts': `import Fastify from 'fastify'\nconst app = Fastify({ logger: true })\n` })
    expect(read('src/app.ts')).toContain(
      `const app = Fastify({ logger: true })\napp.register(fastifyRequests(prisma))\n`,
    )
    expect(read('src/app.ts')).toContain(`import { fastifyRequests } from 'prisma-brisk/fastify'\n`)
    await set({ 'src/app.ts': `import { Hono } from 'hono'\nconst app = new Hono()\n` })
    expect(read('src/app.ts')).toContain(`const app = new Hono()\napp.use(honoRequests(prisma))\n`)
  })

  test('NestJS, with the client of a service', async () => {
    await set({
      'src/db.ts': `import { PrismaClient } from './generated/client'\n@Injectable()\nexport class PrismaService {\n  readonly client = new PrismaClient({ adapter })\n}\n`,
      'src/main.ts': `import { NestFactory } from '@nestjs/core'\nimport { AppModule } from './app.module'\nasync function main() {\n  const app = await NestFactory.create(AppModule)\n  await app.listen(3000)\n}\n`,
    })
    expect(read('src/main.ts')).toContain(
      `  const app = await NestFactory.create(AppModule)\n  app.use(expressRequests(app.get(PrismaService).client))\n`,
    )
    expect(read('src/main.ts')).toContain(`import { PrismaService } from './db'\n`)
  })

  test('several servers, a client without a name, Next.js: said, not guessed', async () => {
    const app = `import express from 'express'\nconst app = express()\n`
    expect((await set({ 'src/a.ts': app, 'src/b.ts': app })).output).toMatch(
      /To do: There are several servers \(src\/a.ts, src\/b.ts\)/,
    )
    rmSync(join(cwd, 'src/b.ts'))
    const hidden = `import { PrismaClient } from './generated/client'\nfunction db() {\n  return new PrismaClient()\n}\n`
    expect((await set({ 'src/db.ts': hidden })).output).toMatch(/To do: src\/a.ts: mount expressRequests/)
    expect(read('src/a.ts')).toBe(app)
    rmSync(join(cwd, 'src/a.ts'))
    const page = `import { headers } from 'next/headers'\n`
    expect((await set({ 'src/db.ts': clientFile, 'src/page.ts': page })).output).toMatch(/To do: Next.js/)
  })

  test('one that is mounted already is not mounted again', async () => {
    const app = `import express from 'express'\nimport { prisma } from './db'\nimport { expressRequests } from 'prisma-brisk/express'\nconst app = express()\napp.use(expressRequests(prisma))\n`
    await set({ 'src/app.ts': app })
    expect(read('src/app.ts')).toBe(app)
  })
})

test('KN6 helpers that name Prisma’s client types name those of the extended client', async () => {
  put({
    'prisma/schema.prisma': schema,
    'src/db.ts': clientFile,
    'src/audit.ts': `import { Prisma } from './generated/client'\nexport const audit = (tx: Prisma.TransactionClient, what: string) => tx.audit.create({ data: { what } })\n`,
    'src/users.ts': `import { Prisma, type PrismaClient } from './generated/client'\nexport const find = (db: PrismaClient, where: Prisma.UserWhereInput) => db.user.findMany({ where })\n`,
    'src/rows.ts': `import { Prisma, type PrismaClient } from './generated/client'\nexport type Any = Prisma.UserDelegate | Prisma.BlogPostDelegate\nexport const of = (db: PrismaClient, tx: Prisma.TransactionClient): Any[] => [db.user, tx.user]\n`,
    'src/other.ts': `import type { PrismaClient } from './other-database'\nexport const other = (db: PrismaClient) => db\n`,
  })
  await init()
  expect(read('src/audit.ts')).toBe(
    `import type { TransactionClient } from './db'\nexport const audit = (tx: TransactionClient, what: string) => tx.audit.create({ data: { what } })\n`,
  )
  expect(read('src/users.ts')).toBe(
    `import { Prisma } from './generated/client'\nimport type { ExtendedPrismaClient } from './db'\nexport const find = (db: ExtendedPrismaClient, where: Prisma.UserWhereInput) => db.user.findMany({ where })\n`,
  )
  expect(read('src/rows.ts')).toBe(
    `import type { ExtendedPrismaClient, TransactionClient } from './db'\nexport type Any = ExtendedPrismaClient['user'] | ExtendedPrismaClient['blogPost']\nexport const of = (db: ExtendedPrismaClient, tx: TransactionClient): Any[] => [db.user, tx.user]\n`,
  )
  expect(read('src/other.ts')).toContain('(db: PrismaClient)')
  expect(read('src/db.ts')).toContain(
    `\nexport type TransactionClient = Omit<typeof prisma, '$extends' | '$transaction' | '$connect' | '$disconnect' | '$on' | '$use'>\nexport type ExtendedPrismaClient = typeof prisma\n`,
  )
})

test('KN2 what is mounted is accepted, and says what will change before it asks', async () => {
  expect(() => mountable(dayOne)).not.toThrow()
  put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile })
  const { output } = await init({}, false)
  expect(output).toMatch(/^What changes:\n {2}prisma\/schema.prisma +the generator block/)
  expect(output.indexOf('Lists are answered whole')).toBeLessThan(output.indexOf('Nothing was changed'))
})

test('a generator in a comment does not count as one', async () => {
  put({
    'prisma/schema.prisma': `// generator brisk { provider = "prisma-brisk" }\n${schema}`,
    'src/db.ts': clientFile,
  })
  await init()
  expect(read('prisma/schema.prisma').match(/provider = "prisma-brisk"/g)).toHaveLength(2)
})

describe('says what is in the way and changes nothing', () => {
  test('a project of Prisma 6 or 8: what works there', async () => {
    const set = (dependencies: object) =>
      put({
        'package.json': JSON.stringify({ dependencies }),
        'prisma/schema.prisma': schema,
        'src/db.ts': clientFile,
      })
    set({ '@prisma/client': '^6.19.0' })
    await expect(planInit({ cwd })).rejects.toThrow(
      'The suite extends Prisma Client 7, and this project has @prisma/client ^6.19.0. What works today is the index advisor: npx @prisma-brisk/index-advisor advise.',
    )
    set({ '@prisma/orm-postgres': '0.17.0' })
    await expect(planInit({ cwd })).rejects.toMatchObject({ code: 'E_PRISMA_8' })
    set({ '@prisma/client': '^7.4.2' })
    expect((await planInit({ cwd })).changes.length).toBeGreaterThan(0)
  })

  test('no Prisma schema', async () => {
    await expect(init()).rejects.toThrow(/No Prisma schema found/)
  })
  test('no client, or several', async () => {
    put({ 'prisma/schema.prisma': schema })
    await expect(init()).rejects.toThrow(/No `new PrismaClient.*--client/)
    put({ 'src/a.ts': clientFile, 'src/b.ts': clientFile })
    await expect(init()).rejects.toThrow(/2 clients \(src\/a.ts, src\/b.ts\).*--client/)
    await expect(init({ yes: true, client: 'src/c.ts' })).rejects.toThrow(/no file src\/c.ts/)
    expect(read('prisma/schema.prisma')).toBe(schema)
    expect(await init({ yes: true, client: 'src/b.ts' })).toMatchObject({ code: 0 })
    expect(read('src/a.ts')).toBe(clientFile)
  })
  test('a class that extends PrismaClient, as NestJS services do', async () => {
    const service = `import { PrismaClient } from './generated'\n@Injectable()\nexport class PrismaService extends PrismaClient {\n  constructor() {\n    super({ adapter })\n  }\n}\n`
    put({ 'prisma/schema.prisma': schema, 'src/prisma.service.ts': service })
    await expect(init()).rejects.toThrow(
      /src\/prisma.service.ts: PrismaService extends PrismaClient.*readonly client = new PrismaClient/,
    )
    expect([read('prisma/schema.prisma'), read('src/prisma.service.ts')]).toEqual([schema, service])
  })
  test('a client in a file that cannot be parsed', async () => {
    put({ 'prisma/schema.prisma': schema, 'src/db.ts': 'const db = new PrismaClient({' })
    await expect(init()).rejects.toThrow(/src\/db.ts could not be parsed/)
  })
  test('a schema with uncommitted changes', async () => {
    put({ 'prisma/schema.prisma': schema, 'src/db.ts': clientFile })
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
        cwd,
        stdio: 'pipe',
      })
    git('init', '-q')
    git('add', '.')
    git('commit', '-qm', 'start')
    put({ 'prisma/schema.prisma': `${schema}\nmodel Half {` })
    await expect(planInit({ cwd })).rejects.toMatchObject({ code: 'E_INIT' })
    await expect(init()).rejects.toThrow(/schema.prisma has uncommitted changes/)
    expect(read('src/db.ts')).toBe(clientFile)
  })
  test('tests, generated code and built code are not taken for the client', async () => {
    put({
      'prisma/schema.prisma': schema,
      'src/db.test.ts': clientFile,
      'dist/db.js': clientFile,
      'src/generated/x.ts': clientFile,
    })
    await expect(init()).rejects.toThrow(/No `new PrismaClient/)
  })
})
