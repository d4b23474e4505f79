import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface GeneratedProject {
  readonly directory: string
  /** Calls of Prisma Client in its source. */
  readonly calls: number
  remove(): void
}

/**
 * A project of the size of a large application, always the same: models in a chain with foreign keys (every other one
 * indexed), enums, and source files with services, helpers and constants between their queries.
 */
export function generateProject(models: number, files: number): GeneratedProject {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-bench-advisor-'))
  write(directory, 'package.json', '{ "name": "generated", "type": "module" }\n')
  write(directory, 'tsconfig.json', '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }\n')
  write(directory, 'prisma/schema.prisma', schema(models))
  write(directory, 'src/db.ts', DATABASE)
  write(directory, 'src/filters.ts', FILTERS)
  for (let file = 0; file < files; file++)
    write(directory, `src/area${file % 40}/service${file}.ts`, service(file, models))
  return {
    directory,
    calls: files * CALLS,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/**
 * The same models, asked by resolvers in untyped JavaScript whose client comes in a context: of every call nothing but the
 * names of model and operation is known.
 */
export function generateUntypedProject(models: number, files: number): GeneratedProject {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-bench-advisor-'))
  write(directory, 'package.json', '{ "name": "untyped" }\n')
  write(directory, 'prisma/schema.prisma', schema(models))
  write(directory, 'src/filters.js', UNTYPED_FILTERS)
  for (let file = 0; file < files; file++)
    write(directory, `src/area${file % 40}/resolvers${file}.js`, resolvers(file, models))
  return {
    directory,
    calls: files * CALLS,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function write(directory: string, path: string, text: string): void {
  const full = join(directory, path)
  mkdirSync(join(full, '..'), { recursive: true })
  writeFileSync(full, text)
}

function schema(models: number): string {
  const blocks = [
    'generator client {\n  provider = "prisma-client"\n  output   = "../generated"\n}\n',
    'datasource db {\n  provider = "postgresql"\n}\n',
    'enum Status {\n  DRAFT\n  LIVE\n  GONE\n}\n',
  ]
  for (let at = 0; at < models; at++) {
    const parent = at === 0 ? null : Math.floor((at - 1) / 2)
    const children = [2 * at + 1, 2 * at + 2].filter((child) => child < models)
    blocks.push(`model Model${at} {
  id        Int      @id @default(autoincrement())
  slug      String   @unique
  name      String   @db.VarChar(120)
  status    Status   @default(DRAFT)
  score     Int
  tags      String[]
  data      Json?
  createdAt DateTime @default(now())
  updatedAt DateTime @updatedAt
${parent === null ? '' : `  parentId  Int\n  parent    Model${parent}  @relation(fields: [parentId], references: [id], onDelete: Cascade)\n`}${children.map((child) => `  children${child} Model${child}[]\n`).join('')}${parent !== null && at % 2 === 0 ? '\n  @@index([parentId])\n' : ''}}
`)
  }
  return blocks.join('\n')
}

const DATABASE = `import { PrismaClient } from '../generated/client'

const globalForPrisma = globalThis as unknown as { prisma?: PrismaClient }
export const prisma = globalForPrisma.prisma ?? new PrismaClient()
export const db = prisma.$extends({ query: {} })
`

const FILTERS = `export const live = { status: 'LIVE' } as const
export function named(name: string) {
  return { name }
}
`

const CALLS = 6

function service(file: number, models: number): string {
  const model = (file * 7) % models
  const delegate = `model${model}`
  const parent =
    model === 0
      ? `${delegate}.findMany({ where: { score: 1 } })`
      : `${delegate}.findMany({ where: { parentId: id, ...live }, orderBy: { createdAt: 'desc' }, take: 20 })`
  return `import { db, prisma } from '@/db'
import { live, named } from '../filters'

export interface Row${file} {
  id: number
  name: string
  children: { id: number; label: string }[]
}

export class Service${file} {
  constructor(private readonly client = db) {}

  async list(id: number, search: { name?: string; page: number }): Promise<Row${file}[]> {
    const where = { score: { gte: search.page }, ...(search.name ? { name: search.name } : {}) }
    const rows = await this.client.${delegate}.findMany({ where, orderBy: { score: 'asc' }, take: 50, skip: search.page * 50 })
    return rows.map((row: { id: number; name: string }) => this.shape(row, id))
  }

  private shape(row: { id: number; name: string }, id: number): Row${file} {
    const children: { id: number; label: string }[] = []
    for (let at = 0; at < id; at++) {
      const label = [row.name, at].join('-').toUpperCase()
      if (label.length > 10) children.push({ id: at, label })
      else children.push({ id: at * 2, label: label.padStart(12) })
    }
    return { id: row.id, name: row.name.trim(), children }
  }

  one(slug: string) {
    return prisma.${delegate}.findUnique({ where: { slug } })
  }

  related(id: number) {
    return prisma.${parent}
  }

  byName(name: string) {
    return this.client.${delegate}.count({ where: named(name) })
  }

  async transfer(id: number, to: number) {
    return prisma.$transaction(async (tx) => {
      const found = await tx.${delegate}.findFirst({ where: { id, status: 'DRAFT' } })
      if (!found) throw new Error('gone')
      return tx.${delegate}.update({ where: { id }, data: { score: to } })
    })
  }
}

export function summary${file}(rows: Row${file}[]): string {
  const total = rows.reduce((sum, row) => sum + row.children.length, 0)
  const names = rows.filter((row) => row.children.length > 2).map((row) => row.name)
  switch (true) {
    case total === 0:
      return 'nothing'
    case names.length > 5:
      return names.slice(0, 5).join(', ') + ' and more'
    default:
      return names.join(', ')
  }
}
`
}

const UNTYPED_FILTERS = `exports.live = { status: 'LIVE' }
exports.named = (name) => ({ name })
`

function resolvers(file: number, models: number): string {
  const model = (file * 7) % models
  const delegate = `model${model}`
  const parent =
    model === 0
      ? `${delegate}.findMany({ where: { score: 1 } })`
      : `${delegate}.findMany({ where: { parentId: parent.id, ...live }, orderBy: { createdAt: 'desc' }, take: 20 })`
  return `const { live, named } = require('../filters')
const loaders = require('../loaders')

module.exports = {
  Query: {
    async list${file}(parent, { page = 0, name = null }, ctx) {
      const where = { score: { gte: page } }
      const rows = await ctx.prisma.${delegate}.findMany({ where, orderBy: { score: 'asc' }, take: 50, skip: page * 50 })
      return rows.map((row) => shape(row, name))
    },
    one${file}: (parent, { slug }, { prisma }) => prisma.${delegate}.findUnique({ where: { slug } }),
    byName${file}: (parent, { name }, { prisma }) => prisma.${delegate}.count({ where: named(name) }),
  },
  Model${model}: {
    related: (parent, args, { prisma }) => prisma.${parent},
    cached: (parent, args, ctx) => loaders.of(ctx, 'Model${model}').load(parent.id),
  },
  Mutation: {
    async transfer${file}(parent, { id, to }, { prisma }) {
      return prisma.$transaction(async (tx) => {
        const found = await tx.${delegate}.findFirst({ where: { id, status: 'DRAFT' } })
        if (!found) throw new Error('gone')
        return tx.${delegate}.update({ where: { id }, data: { score: to } })
      })
    },
  },
}

function shape(row, name) {
  const children = []
  for (let at = 0; at < row.score; at++) {
    const label = [row.name, at].join('-').toUpperCase()
    if (label.length > 10) children.push({ id: at, label })
    else children.push({ id: at * 2, label: label.padStart(12) })
  }
  return { ...row, name: name || row.name.trim(), children }
}
`
}
