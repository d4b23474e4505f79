/** What the plan of a SELECT does not say: how many of its rows are asked for, and whether rows are made into fewer. */
export interface SelectClauses {
  /** LIMIT and OFFSET together: the rows that must be found; null: all of them. */
  readonly wanted: number | null
  /** One row, or one a group, is made of many. */
  readonly isGrouped: boolean
  readonly isDistinct: boolean
  /** Direction of the first key of ORDER BY; null: in no order. */
  readonly order: 'asc' | 'desc' | null
  /** Columns of GROUP BY, or of SELECT DISTINCT, without their tables; null where one is an expression. */
  readonly groups: readonly string[] | null
}

interface Token {
  readonly text: string
  readonly depth: number
}

const TOKEN =
  /'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|"(?:[^"]|"")*"|\/\*[^]*?\*\/|--[^\n]*|[\w$\u0080-\uffff]+(?:\.\d+)?|[^\s]/gu
const AGGREGATES =
  /^(?:count|sum|min|max|avg|group_concat|json_arrayagg|json_objectagg|bit_and|bit_or|bit_xor)$/i

/** Every SELECT of a statement in MariaDB's words, in the order in which it stands there: the server numbers them so, from 1. */
export function selectClauses(sql: string): SelectClauses[] {
  const tokens = tokensOf(sql)
  return tokens.flatMap((token, at) => (/^select$/i.test(token.text) ? [clausesOf(tokens, at)] : []))
}

/** The tables' own names by those that the statement gives them: a plan knows only these. */
export function tableAliases(sql: string): ReadonlyMap<string, string> {
  const tokens = tokensOf(sql).map((each) => each.text)
  const aliases = new Map<string, string>()
  for (const [at, token] of tokens.entries()) {
    if (!/^(?:from|join|,)$/i.test(token)) continue
    let end = at + 1
    while (tokens[end + 1] === '.') end += 2
    const alias = /^as$/i.test(tokens[end + 1] ?? '') ? tokens[end + 2] : tokens[end + 1]
    const [name, given] = [tokens[end], alias].map((each = '') =>
      each.replace(/^`|`$/g, '').replaceAll('``', '`'),
    )
    if (name && given && !KEYWORD.test(alias ?? '') && !aliases.has(given)) aliases.set(given, name)
  }
  return aliases
}

/** What follows a table that has no other name. */
const KEYWORD =
  /^(?:from|where|on|using|join|inner|left|right|cross|natural|straight_join|order|group|having|limit|for|union|use|force|ignore|set|[^\w`].*)$/i

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let depth = 0
  for (const [text] of sql.matchAll(TOKEN)) {
    if (text.startsWith('/*') || text.startsWith('--')) continue
    if (text === ')') depth--
    tokens.push({ text, depth })
    if (text === '(') depth++
  }
  return tokens
}

function clausesOf(tokens: readonly Token[], start: number): SelectClauses {
  const level = tokens[start]?.depth ?? 0
  const after = tokens.slice(start + 1)
  const end = after.findIndex(
    (each) => each.depth < level || (each.depth === level && /^(?:union|except|intersect)$/i.test(each.text)),
  )
  const isUnited = end !== -1 && (after[end]?.depth ?? 0) === level
  const all = end === -1 ? after : after.slice(0, end)
  const own = all.filter((each) => each.depth === level)
  const list = own.slice(0, indexOrEnd(own, 'from'))
  const isDistinct = /^distinct$/i.test(list[0]?.text ?? '')
  const group = own.findIndex(
    (each, at) => /^group$/i.test(each.text) && /^by$/i.test(own[at + 1]?.text ?? ''),
  )
  const isGrouped =
    group !== -1 || list.some((each, at) => AGGREGATES.test(each.text) && list[at + 1]?.text === '(')
  const grouped =
    group === -1
      ? isDistinct
        ? list.slice(1)
        : null
      : own.slice(group + 2, group + 2 + groupEnd(own.slice(group + 2)))
  return {
    // A LIMIT behind the last of a UNION is of the whole.
    wanted: isUnited || isSecond(tokens, start, level) ? null : wantedOf(own),
    isGrouped,
    isDistinct,
    order: orderOf(own),
    groups: grouped === null ? null : columnsOf(grouped),
  }
}

function orderOf(own: readonly Token[]): 'asc' | 'desc' | null {
  const start = own.findIndex((each) => /^order$/i.test(each.text))
  if (start === -1) return null
  const first = own.slice(start).find((each) => /^(?:,|asc|desc|limit)$/i.test(each.text))
  return /^desc$/i.test(first?.text ?? '') ? 'desc' : 'asc'
}

function isSecond(tokens: readonly Token[], start: number, level: number): boolean {
  const before = tokens[start - 1]
  return before?.depth === level && /^(?:union|all|except|intersect)$/i.test(before.text)
}

function indexOrEnd(tokens: readonly Token[], word: string): number {
  const at = tokens.findIndex((each) => each.text.toLowerCase() === word)
  return at === -1 ? tokens.length : at
}

function groupEnd(tokens: readonly Token[]): number {
  const at = tokens.findIndex((each) => /^(?:having|order|limit|with|for|procedure|into)$/i.test(each.text))
  return at === -1 ? tokens.length : at
}

/** `LIMIT 10`, `LIMIT 10 OFFSET 5`, `LIMIT 5, 10`. */
function wantedOf(own: readonly Token[]): number | null {
  const at = own.findIndex((each) => /^limit$/i.test(each.text))
  if (at === -1) return null
  const first = Number(own[at + 1]?.text)
  if (Number.isNaN(first)) return null
  const second = /^(?:offset|,)$/i.test(own[at + 2]?.text ?? '') ? Number(own[at + 3]?.text) : 0
  return Number.isNaN(second) ? null : first + second
}

/** `t.a, b` → `a`, `b`. */
function columnsOf(tokens: readonly Token[]): readonly string[] | null {
  const columns: string[] = []
  let path: string[] = []
  for (const { text } of [...tokens, { text: ',' }]) {
    if (text === ',') {
      const name = path.findLast((each) => each !== '.')
      if (name === undefined || !/^[`\w$\u0080-\uffff]/u.test(name)) return null
      columns.push(name.replace(/^`|`$/g, '').replaceAll('``', '`'))
      path = []
    } else if (text === '.' || path.length === 0 || path.at(-1) === '.') path.push(text)
    // A direction, an alias, an operator: no plain column.
    else if (/^(?:asc|desc)$/i.test(text)) continue
    else return null
  }
  return columns
}
