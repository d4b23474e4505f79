import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The databases of this project, as Prisma's datasource block names them. */
export type Provider = 'postgresql' | 'mysql' | 'sqlite'

/** One `prisma generate` run: a schema text for one database and the clients made from it. */
export interface ClientVariant {
  /** Names the schema and the tables under `prisma/generated/schemas`. */
  name: string
  provider: Provider
  /** The schema text with its blocks swapped and its `// mysql:` comments applied. */
  schema: string
  /** The directories under `prisma/generated` that the run writes. */
  clients: string[]
  hash: string
}

const PRISMA = join(import.meta.dirname, '../prisma')
export const GENERATED = join(PRISMA, 'generated')
export const SCHEMAS = join(GENERATED, 'schemas')

export function clientVariants(): ClientVariant[] {
  const demo = readFileSync(join(PRISMA, 'schema.prisma'), 'utf8')
  const keyTypes = (provider: Provider): string =>
    readFileSync(join(PRISMA, 'key-types', `${provider}.prisma`), 'utf8')
  return [
    variant('demo-postgresql', 'postgresql', demo, [
      generator('postgresql', 'esm'),
      generator('postgresql-cjs', 'cjs'),
      LEGACY_GENERATOR,
    ]),
    variant('key-types-postgresql', 'postgresql', keyTypes('postgresql'), [
      generator('key-types-postgresql', 'esm'),
    ]),
    variant('demo-mysql', 'mysql', demo, [generator('mysql', 'esm')]),
    variant('demo-sqlite', 'sqlite', demo, [generator('sqlite', 'esm')]),
    variant('key-types-mysql', 'mysql', keyTypes('mysql'), [generator('key-types-mysql', 'esm')]),
    variant('key-types-sqlite', 'sqlite', keyTypes('sqlite'), [generator('key-types-sqlite', 'esm')]),
  ]
}

interface Generator {
  client: string
  block: string
}

function generator(client: string, moduleFormat: 'esm' | 'cjs'): Generator {
  const extension = moduleFormat === 'esm' ? '\n  importFileExtension = "ts"' : ''
  return {
    client,
    block: `generator ${client.replaceAll('-', '_')} {
  provider            = "prisma-client"
  output              = "../${client}"
  moduleFormat        = "${moduleFormat}"${extension}
}`,
  }
}

const LEGACY_GENERATOR: Generator = {
  client: 'postgresql-js',
  block: `generator postgresql_js {
  provider = "prisma-client-js"
  output   = "../postgresql-js"
}`,
}

function variant(name: string, provider: Provider, text: string, generators: Generator[]): ClientVariant {
  const schema = schemaOf(
    provider,
    text,
    generators.map(({ block }) => block),
  )
  const clients = generators.map(({ client }) => client)
  return { name, provider, schema, clients, hash: createHash('sha256').update(schema).digest('hex') }
}

/** The demo's schema for one database, with generator blocks of the caller's. */
export function demoSchema(provider: Provider, ...generators: string[]): string {
  return schemaOf(provider, readFileSync(join(PRISMA, 'schema.prisma'), 'utf8'), generators)
}

function schemaOf(provider: Provider, text: string, generators: readonly string[]): string {
  return [
    `datasource db {\n  provider = "${provider}"\n}`,
    ...generators,
    withoutBlocks(provider === 'mysql' ? text.replace(/\/\/ mysql: (@\S+)/g, '$1') : text),
  ].join('\n\n')
}

function withoutBlocks(text: string): string {
  return text.replace(/^(\/\/.*\n)+/, '').replace(/^(generator|datasource) \w+ \{[^}]*\}\n+/gm, '')
}
