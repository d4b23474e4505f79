import type { BriskOptions } from '../options.ts'
import type { ClientSource } from './client-source.ts'
import type { SourceEdit } from './source-edit.ts'

/**
 * Day one changes no answer: lists are answered whole, however long, and those that are too long are told; nothing is
 * stopped for the time it takes.
 */
export const dayOne = {
  pagination: { limits: 'warn' },
  resilience: { timeout: false },
} as const satisfies BriskOptions

const MOUNTED = `brisk(${literal(dayOne)})`

function literal(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? `'${value}'` : String(value)
  const members = Object.entries(value).map(([name, each]) => `${name}: ${literal(each)}`)
  return `{ ${members.join(', ')} }`
}

/**
 * Mounts `brisk()` last on the clients of a file; all else stays as it is. Where the file gives a client the type
 * `PrismaClient`, as the usual `globalThis` pattern does, a function makes it, whose result names the type instead.
 *
 * @param clients all of one file
 * @returns lines that still call the client a PrismaClient, which an extended one is not
 */
export function mountBrisk(edit: SourceEdit, clients: readonly [ClientSource, ...ClientSource[]]): number[] {
  const { edited, text } = edit
  const [{ typed }] = clients
  edit.import('{ brisk }', 'prisma-brisk')
  const call = edit.styled([`.$extends(${MOUNTED})`])
  const made = clients.map(({ start, chainEnd }) => text.slice(start, chainEnd))
  const oneFunction = clients.every(({ atTopLevel }) => atTopLevel) && new Set(made).size === 1
  if (typed.length > 0 && oneFunction) {
    const name = freeName(text)
    for (const { start, chainEnd } of clients) edited.update(start, chainEnd, `${name}()`)
    for (const { start, end } of typed) edited.update(start, end, `ReturnType<typeof ${name}>`)
    const [{ start, chainEnd }] = clients
    const lines = [`function ${name}() {`, `  return ${made[0]}${call};`, '}', '', '']
    edited.appendLeft(
      edit.statementAround({ start, end: chainEnd })?.start ?? start,
      styledBlock(edit, lines),
    )
    return []
  }
  for (const { chainEnd } of clients) edited.appendLeft(chainEnd, call)
  return typed.map(({ start }) => edit.lineAt(start))
}

/** As `styled`, but the client's own text keeps its quotes. */
function styledBlock(edit: SourceEdit, [head = '', body = '', ...rest]: string[]): string {
  const [newline, semicolon] = [edit.styled(['', '']), edit.styled([';'])]
  return [head, body.replace(/;$/, semicolon), ...rest].join(newline)
}

function freeName(text: string): string {
  return ['createPrisma', 'createPrismaClient', 'createExtendedPrisma'].find(
    (name) => !new RegExp(`\\b${name}\\b`).test(text),
  ) as string
}
