import { readSchemaBlocks } from '@prisma-brisk/core/schema-syntax'

/** Properties of a datasource that Prisma 5 and 6 have, and Prisma 7 refuses: where to connect is in `prisma.config.ts`. */
const CONNECTION = /^([ \t]*)(url|directUrl|shadowDatabaseUrl)[ \t]*=[^\r\n]*/gm
/** Preview features of Prisma 5 and 6 that the validator of Prisma 7 no longer knows. None has to do with indexes. */
const FORGOTTEN = /"(metrics|insensitiveFilters)"[ \t]*,?/g

/**
 * A schema of Prisma 5, 6 or 7 as Prisma 7 accepts it: what only its predecessors know is blanked out, so that every line
 * and column stays where it is. No column, index or relation hangs on it.
 */
export function asOfPrisma7(schema: string): string {
  let text = schema
  for (const { keyword, from, to } of blocksOf(schema)) {
    const pattern = keyword === 'datasource' ? CONNECTION : keyword === 'generator' ? FORGOTTEN : null
    if (pattern === null) continue
    const block = text.slice(from, to).replace(pattern, (found) => ' '.repeat(found.length))
    text = text.slice(0, from) + block + text.slice(to)
  }
  return text
}

/** What cannot be read is left for Prisma's validator, which says why. */
function blocksOf(schema: string): ReturnType<typeof readSchemaBlocks> {
  try {
    return readSchemaBlocks(schema)
  } catch {
    return []
  }
}
