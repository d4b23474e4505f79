import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
// CommonJS whose names Node cannot see: only the default import has them.
import generatorHelper from '@prisma/generator-helper'
import { BriskError } from '../errors.ts'
import { metadataModules, metadataPath } from './metadata-module.ts'
import { writeFileAtomically } from './atomic-file.ts'
import { toMetadata } from '../schema/schema-metadata.ts'
import { textOf } from '../schema/parser/schema-attributes.ts'
import { parseSchema } from '../schema/parser/schema-parser.ts'
import { readSchemaBlocks } from '../schema/parser/schema-syntax.ts'

/** The generator block asks for something that the generator does not have. */
export class GeneratorOptionError extends BriskError {
  constructor(message: string) {
    super('E_GENERATOR_OPTION', message)
  }
}

/**
 * Answers `prisma generate` over stdin and stderr, as the executable that `provider = "prisma-brisk"` names. It writes
 * the schema model as a module of data, so that an application parses no schema at run time:
 *
 * ```prisma
 * generator brisk {
 *   provider = "prisma-brisk"
 *   output   = "../src/generated/brisk-schema.ts" // default: brisk-schema.ts beside the Prisma client's directory
 * }
 * ```
 * ```ts
 * import { schema } from '../generated/brisk-schema'
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ schema }))
 * ```
 * `output` is a file that ends with `.ts`, `.mts`, `.cts`, `.js`, `.mjs` or `.cjs` (JavaScript gets a declaration file beside it), or a
 * directory. Importing the module anywhere is enough too: it registers the schema, and clients of that schema find it.
 */
export function runGenerator(version: string): void {
  generatorHelper.generatorHandler({
    onManifest: ({ sourceFilePath }) => ({
      version,
      prettyName: 'prisma-brisk schema metadata',
      defaultOutput: defaultOutput(sourceFilePath),
    }),
    onGenerate: async ({ generator, datamodel }) => {
      const unknown = Object.keys(generator.config).filter((name) => name !== 'output')
      if (unknown.length > 0) {
        throw new GeneratorOptionError(
          `generator ${generator.name}: unknown ${unknown.join(', ')}. It takes provider and output.`,
        )
      }
      const output = generator.output?.value
      if (output == null) throw new GeneratorOptionError(`generator ${generator.name}: output is missing.`)
      generateMetadata(datamodel, output)
    },
  })
}

/**
 * Writes the metadata module of a schema text, and a declaration file where it is JavaScript. Files that would not change are
 * not touched.
 * @throws SchemaSyntaxError
 */
export function generateMetadata(datamodel: string, output: string): void {
  const path = metadataPath(output)
  const metadata = toMetadata(parseSchema(datamodel, 'generator'))
  for (const [file, text] of metadataModules(path, metadata)) writeFileAtomically(file, text)
}

/**
 * What the generator will write for a schema with its block, for tools that need the module before `prisma generate`.
 *
 * @param file the schema file with the block
 * @param datamodel the text of all schema files
 * @throws SchemaSyntaxError
 */
export function metadataFiles(
  file: { readonly path: string; readonly text: string },
  datamodel: string,
): [path: string, text: string][] {
  const output =
    outputOf(file.text, (provider) => provider === 'prisma-brisk') ?? defaultOutput(file.path, file.text)
  const path = metadataPath(resolve(dirname(file.path), output))
  return metadataModules(path, toMetadata(parseSchema(datamodel, 'generator')))
}

/**
 * Beside the directory of the Prisma client that the same schema file generates, relative to the schema's directory: the
 * application imports both. The client's own directory is Prisma's to clean.
 */
function defaultOutput(schemaFile: string, text = textOfFile(schemaFile)): string {
  const directory = dirname(schemaFile)
  const client = outputOf(text, (provider) => CLIENTS.has(provider))
  if (client === null) return './generated/brisk-schema.ts'
  return relative(directory, join(resolve(directory, client), '..', 'brisk-schema.ts'))
}

/** Empty where it cannot be read: Prisma has said so already. */
function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The `output` of the first generator with such a provider. */
function outputOf(text: string, isWanted: (provider: string) => boolean): string | null {
  try {
    for (const { keyword, settings } of readSchemaBlocks(text)) {
      if (keyword !== 'generator' || !isWanted(textOf(settings.get('provider')) ?? '')) continue
      const output = textOf(settings.get('output'))
      if (output !== null) return output
    }
  } catch {
    // Prisma has read the schema already and says what is wrong with it.
  }
  return null
}

const CLIENTS = new Set(['prisma-client', 'prisma-client-ts', 'prisma-client-js'])
