import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { ROOT } from '../../scripts/workspace.ts'

/**
 * ARCHITECTURE.md has a table of rooms, top to bottom. An import, a type import too, goes down: to a row further
 * down, or to a file of the same room. A room is a folder (`driver/connection`) or a file that stands at the root.
 */
const MAX_FILES = 16

interface Layers {
  /** The folder the rooms are in, from the root of the repository. */
  readonly folder: string
  readonly rows: readonly (readonly string[])[]
}

const TABLE = readTable(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'))

test('every package and every folder of programs has its rooms in the table', () => {
  const packages = execFileSync('git', ['ls-files', 'packages/*/package.json'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .map((manifest) => join(dirname(manifest), 'src'))
  expect(TABLE.map(({ folder }) => folder).sort()).toEqual(
    ['bench', 'demo', 'scripts', 'test/support', ...packages].sort(),
  )
})

describe.each(TABLE)('$folder', ({ folder, rows }) => {
  const imports = importsIn(folder)
  const rooms = rows.flat()
  const roomOf = (file: string): string => {
    const path = dirname(file)
    return path === '.' ? file.replace(/\.(ts|mjs)$/, '') : path
  }
  const depth = new Map(rows.flatMap((row, index) => row.map((room) => [room, index] as const)))

  test('has the rooms that the table names, and no others', () => {
    expect([...new Set([...imports.keys()].map(roomOf))].sort()).toEqual([...rooms].sort())
  })

  test('imports go down', () => {
    const upwards = [...imports].flatMap(([file, targets]) =>
      targets
        .filter((target) => {
          const [from, to] = [roomOf(file), roomOf(target)]
          return from !== to && (depth.get(to) ?? Infinity) <= (depth.get(from) ?? -1)
        })
        .map((target) => `${file} → ${target}`),
    )
    expect(upwards).toEqual([])
  })

  test('no files import each other in a circle', () => {
    expect(circlesOf(imports)).toEqual([])
  })

  test(`no room has more than ${MAX_FILES} files`, () => {
    const counts = new Map<string, number>()
    for (const file of imports.keys()) counts.set(roomOf(file), (counts.get(roomOf(file)) ?? 0) + 1)
    expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([])
  })
})

/** The fenced block `layers`: `folder: top → next, its neighbour → bottom`; a line that is indented goes on. */
function readTable(text: string): Layers[] {
  const block = /```layers\n([^]*?)```/.exec(text)?.[1] ?? ''
  return block
    .replace(/\n[ \t]+/g, ' ')
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', rows = ''] = line.split(/:(.*)/)
      const folder = existsSync(join(ROOT, 'packages', name)) ? `packages/${name}/src` : name
      return { folder, rows: rows.split('→').map((row) => row.split(',').map((room) => room.trim())) }
    })
}

/** Each file below a folder with the files there that it imports, type imports included; paths from that folder. */
function importsIn(folder: string): Map<string, string[]> {
  const base = join(ROOT, folder)
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts', '*.mjs'], {
    cwd: base,
    encoding: 'utf8',
  })
  const files = listed
    .trim()
    .split('\n')
    .filter((file) => existsSync(join(base, file)) && !file.endsWith('.d.ts'))
  const known = new Set(files)
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(base, file), 'utf8'), true, true)
      const targets = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => relative(base, resolve(base, dirname(file), fileName)))
      return [file, [...new Set(targets)].filter((target) => known.has(target) && target !== file)]
    }),
  )
}

/** Groups of files each of which reaches all the others (Tarjan's strongly connected components). */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (file: string): number => {
    order.set(file, order.size)
    let low = order.get(file) as number
    open.push(file)
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (open.includes(target)) low = Math.min(low, order.get(target) as number)
    }
    lowest.set(file, low)
    if (low === order.get(file)) {
      const circle = open.splice(open.indexOf(file))
      if (circle.length > 1) circles.push(circle)
    }
    return low
  }
  for (const file of imports.keys()) if (!order.has(file)) visit(file)
  return circles
}
