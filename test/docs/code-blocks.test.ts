import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/program.ts'
import { binary } from '../../scripts/workspace.ts'

/** Documentation that cannot rot: every TypeScript block of the README, the guides and the packages type-checks. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const place = join(root, '.brisk/docs-code')

/** What blocks may use without saying so: the client of the demo domain, extended; and what a web handler has. */
const prelude = `import { PrismaClient as PlainClient } from './generated/prisma/client'
import { brisk as mountBrisk } from 'prisma-brisk'
import type { IncomingMessage, ServerResponse } from 'node:http'
declare global {
  const adapter: NonNullable<ConstructorParameters<typeof PlainClient>[0]['adapter']>
  const base: PlainClient
  const prisma: ReturnType<typeof extend>
  const request: IncomingMessage & { query: Record<string, string>; params: Record<string, string>; user: { id: number } }
  const response: ServerResponse
  const app: { use(middleware: unknown): unknown; get(path: string, handler: unknown): unknown }
  const id: number
  const userId: number
  const where: { authorId: number }
}
function extend() {
  return base.$extends(mountBrisk())
}
`

interface Block {
  readonly file: string
  readonly line: number
  readonly code: string
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] as string,
  }))
}

test('every TypeScript block type-checks', async () => {
  const listed = await run('git', ['ls-files', '-co', '--exclude-standard', '*.md'], root)
  const files = listed.output
    .split('\n')
    .filter((file) => /^(README\.md|docs\/|packages\/|examples\/)/.test(file))
  const blocks = files.flatMap(blocksOf)
  expect(blocks.length).toBeGreaterThan(5)
  rmSync(place, { recursive: true, force: true })
  mkdirSync(join(place, 'generated/prisma'), { recursive: true })
  writeFileSync(
    join(place, 'generated/prisma/client.ts'),
    `export * from '../../../../prisma/generated/postgresql/client.ts'\n`,
  )
  writeFileSync(join(place, 'generated/brisk-schema.ts'), 'export {}\n')
  writeFileSync(join(place, 'prelude.ts'), prelude)
  const sources = new Map<string, Block>()
  for (const [index, block] of blocks.entries()) {
    const name = `block-${index}.ts`
    sources.set(name, block)
    // A block is a module, so that blocks do not see each other; lines stay as in the document.
    writeFileSync(join(place, name), `${block.code}\nexport {}\n`)
  }
  writeFileSync(
    join(place, 'tsconfig.json'),
    JSON.stringify({
      extends: relative(place, join(root, 'tsconfig.base.json')),
      compilerOptions: {
        module: 'ESNext',
        moduleResolution: 'Bundler',
        noUncheckedIndexedAccess: false,
        types: ['node', 'jest'],
        // One copy of Prisma for the client and the packages, as in an application.
        paths: { '@prisma/client/*': [join(root, 'packages/core/node_modules/@prisma/client/*')] },
      },
      include: ['*.ts'],
    }),
  )
  const { output } = await run(
    process.execPath,
    [binary('typescript-7', 'tsc'), '-p', join(place, 'tsconfig.json'), '--pretty', 'false'],
    root,
  )
  const complaints = output
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => {
      const [, name, at, message] = /([\w-]+\.ts)\((\d+),\d+\): (.*)/.exec(line) ?? []
      const block = sources.get(name ?? '')
      return block === undefined ? line : `${block.file}:${block.line + Number(at) - 1} ${message}`
    })
  expect(complaints).toEqual([])
}, 120_000)
