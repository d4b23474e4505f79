import { fileURLToPath } from 'node:url'

/** One line of a V8 stack. */
export interface StackFrame {
  /** The function, as V8 names it (`async load`, `new Loader`, `Object.<anonymous>`); empty at the top of a file. */
  readonly method: string
  /** A path, or the URL of a module. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * The frames of a V8 stack that stand in files, innermost first. A stack that is not a string was made by a custom
 * `Error.prepareStackTrace`; it has no frames.
 */
export function* readFrames(stack: unknown): Generator<StackFrame, void> {
  if (typeof stack !== 'string') return
  for (const [, method = '', ...place] of stack.matchAll(FRAME)) {
    const [, file, line, column] = EVALUATED.exec(place[0] as string) ?? ['', ...place]
    yield { method, file: file as string, line: Number(line), column: Number(column) }
  }
}

/** `    at async load (file:///app/src/load.ts:3:14)`, `    at /app/src/(group)/page.ts:3:14` */
const FRAME = /^ +at (?:(.+?) \(|async )?(.+):(\d+):(\d+)\)?$/gm
/** `eval at load (/app/src/load.ts:3:14), <anonymous>`, which stands where it is evaluated. */
const EVALUATED = /^eval at .*\((\S+):(\d+):(\d+)\)/

/**
 * The place in the user's code where a call was made: `file:line:column` of the first frame of a V8 stack that belongs
 * neither to Prisma, nor to this suite, nor to Node, nor to a dependency. Null where there is none.
 */
export function callSiteOf(stack: string | null): string | null {
  for (const { file, line, column } of readFrames(stack ?? '')) {
    const path = pathOf(file)
    if (!FOREIGN.test(path) && !isOwn(path)) return `${path}:${line}:${column}`
  }
  return null
}

/**
 * The place that awaits what runs or settles at this moment, from a stack made now: V8 follows the promises up, through Prisma
 * where the call came that way; what lies below Prisma is ours, or a middleware's. Null where the promises lead nowhere.
 */
export function awaitingSiteOf(stack: string | undefined): string | null {
  return callSiteOf(awaitingPart(stack))
}

/**
 * The members of `Promise.all`, `allSettled` and `any` that a stack leads through, innermost first: `2/0` is what the first member of an
 * outer one does in its third. Calls of one branch follow each other; '' where there is none.
 */
export function branchOf(stack: string | null): string {
  return [...(stack ?? '').matchAll(/^ +at async Promise\.\w+ \(index (\d+)\)$/gm)]
    .map(([, index]) => index)
    .join('/')
}

/** The part of a stack made now that lies behind Prisma. */
export function awaitingPart(stack: string | undefined): string {
  // Behind it stands who began the interactive transaction.
  const lines = stack?.split(/^.*_transactionWithCallback/m, 1)[0]?.split('\n') ?? []
  const prisma = lines.findLastIndex((line) => /[/\\]@prisma[/\\]client[/\\]/.test(line))
  return lines.slice(prisma + 1).join('\n')
}

/**
 * An error made now, whose stack is long enough to lead through the suite and Prisma to whoever awaits what runs or settles.
 * Its text, which is dear, is made when it is first read.
 */
export function stackHere(): Error {
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 50
    return new Error('here')
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const FOREIGN = /[\\/]node_modules[\\/]|[\\/]@prisma[\\/]|^node:|<anonymous>|^\[eval/

function pathOf(file: string): string {
  if (!file.startsWith('file:')) return file
  try {
    return fileURLToPath(file)
  } catch {
    return file
  }
}

/** The suite's packages where they are linked, not installed: this file says where they stand. */
const [, root, separator] = /^(.*([\\/])packages[\\/])core[\\/](?:src|dist)[\\/]/.exec(ownPath()) ?? []
const NAMES = ['core', 'batching', 'cache', 'pagination', 'slow-query', 'resilience', 'prisma-brisk']
const own = NAMES.flatMap((name) =>
  ['src', 'dist'].map((part) => [root, name, separator, part, separator].join('')),
)

function isOwn(path: string): boolean {
  return root !== undefined && own.some((directory) => path.startsWith(directory))
}

function ownPath(): string {
  const [here] = readFrames(new Error('here').stack ?? '')
  return pathOf(here?.file ?? '')
}
