import type { Random } from '../../../support/random.ts'

/**
 * Random statements of literals, written as no linter would allow: every form a database has for a string or a number,
 * with the characters in it at which a reader of another dialect, or of another setting, loses its way. Not all of them
 * are accepted everywhere; the server decides what they say.
 */
export function literalStatement(random: Random, { forms, comments }: Literals): string {
  let secrets = 0
  const secret = (): string => `zq${++secrets}x`
  const pieces = (more: readonly string[]): string =>
    random.list(1, 5, () => (random.chance(0.5) ? secret() : random.pick([...CONFUSING, ...more]))).join('')
  const comment = (): string => {
    const body = random.list(0, 3, () => random.pick(["'", '"', '`', '\\', 'it', '$$', '#', ' '])).join('')
    return random.pick(comments).replaceAll('…', () => body)
  }
  const space = (): string => random.pick([' ', ' ', '\n', '\t', '\r', '\f', comment()])
  const literal: LiteralMaker = { random, pieces, space, number: () => `70${++secrets}07` }
  const column = (index: number): string => `${random.pick(forms)(literal)}${space()}AS${space()}c${index}`
  return `SELECT${space()}${random.list(1, 4, column).join(random.pick([',', ' ,', ', ']))}${random.chance(0.2) ? ';' : ''}`
}

/** What a statement says that must never be seen again: pieces of its values, and its numbers. */
export function secretsIn(values: readonly unknown[]): string[] {
  return values.flatMap((value) => readable(value).match(/zq\d+x|70\d+07/g) ?? [])
}

function readable(value: unknown): string {
  if (typeof value === 'object' && value !== null && ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  return String(value)
}

export interface LiteralMaker {
  readonly random: Random
  /** A body, some of it secret. */
  pieces(more: readonly string[]): string
  /** Whitespace, or a comment. */
  space(): string
  number(): string
}

/** How a database writes literals. */
export interface Literals {
  readonly forms: readonly LiteralForm[]
  /** With `…` for what is said in them. */
  readonly comments: readonly string[]
}

export type LiteralForm = (maker: LiteralMaker) => string

const CONFUSING = [
  '\\',
  '\\\\',
  "''",
  '"',
  '""',
  '`',
  '--',
  '-- ',
  '/*',
  '*/',
  '#',
  '$$',
  '$t$',
  '\n',
  '\r',
  ',',
  ' ',
  '!',
  'é',
  '?',
  ':a',
  '$1',
  '[',
  ']',
  ';',
]

const quoted =
  (prefix: string, quote: string, more: readonly string[] = []): LiteralForm =>
  ({ pieces }) =>
    `${prefix}${quote}${pieces([`\\${quote}`, `${quote}${quote}`, ...more])}${quote}`

const name =
  (open: string, close = open): LiteralForm =>
  ({ random }) =>
    `1 AS ${open}${random.pick(['a', "it's", '--', '/*', '\\', ' ', '$$'])}${close}, 2`

const number: LiteralForm = (maker) =>
  maker.random.pick([
    maker.number(),
    `-${maker.number()}`,
    `${maker.number()}.5`,
    `${maker.number()}e0`,
    `(${maker.number()}--${maker.number()}\n)`,
    `${maker.number()}.`,
  ])

const beside =
  (form: LiteralForm, other: LiteralForm = form): LiteralForm =>
  (maker) =>
    `${form(maker)}${maker.space()}${maker.space()}${other(maker)}`

const plain = quoted('', "'")
const bytes: LiteralForm = (maker) => `x'${Buffer.from(maker.number()).toString('hex')}'`
const common: readonly LiteralForm[] = [plain, plain, plain, beside(plain), number, bytes]

export const literals = {
  postgresql: {
    comments: ['/*…*/', '--…\n', '-- …\r', '/* /* … */ … */'],
    forms: [
      ...common,
      quoted('E', "'"),
      quoted('e', "'"),
      quoted('N', "'"),
      quoted('U&', "'", ['\\0061']),
      (maker) => `${quoted('U&', "'", ['!0061'])(maker)}${maker.space()}UESCAPE${maker.space()}'!'`,
      beside(quoted('E', "'"), plain),
      beside(quoted('U&', "'"), plain),
      beside(beside(quoted('E', "'"), plain), plain),
      ({ pieces }) => `$$${pieces(["'"])}$$`,
      ({ pieces }) => `$t$${pieces(["'"])}$t$`,
      name('"'),
      name('U&"', '"'),
    ],
  },
  mysql: {
    comments: [
      '/*…*/',
      '-- …\n',
      '--\t…\n',
      '# …\n',
      '/*!99999 /* … */ … */',
      '/*!99999 … */',
      '/*! -- …\n */',
      '-- …\r\n',
    ],
    forms: [
      ...common,
      quoted('', '"'),
      quoted('', '"'),
      quoted('N', "'"),
      quoted('_utf8mb4', "'"),
      quoted('_latin1 ', '"'),
      ({ pieces }) => `/*! ${quoted('', "'")({ pieces } as LiteralMaker)} */`,
      ({ pieces }) => `/*M!50101 ${quoted('', '"')({ pieces } as LiteralMaker)} */`,
      name('`'),
      name('"'),
      (maker) => `@x${maker.random.pick([':=', ' := '])}${plain(maker)}`,
    ],
  },
  sqlite: {
    comments: ['/*…*/', '--…\n', '-- …\r\n'],
    forms: [
      ...common,
      quoted('', '"'),
      quoted('', '"'),
      name('`'),
      name('[', ']'),
      name('"'),
      (maker) => `${maker.number().slice(0, 2)}_${maker.number().slice(2)}`,
    ],
  },
} satisfies Record<string, Literals>
