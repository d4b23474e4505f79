const LENGTH = 200

/**
 * A redacted statement in one short line for people: lists of columns are counted, joined tables too, names lose their
 * quotes and schema. What is looked for (the condition, the order) is shown whole as far as there is room.
 */
export function previewOf(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  const clauses = clausesOf(line)
  const table = tableOf(clauses)
  const text = clauses.map((clause) => plain(shortened(clause), table)).join(' ')
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text
}

interface Clause {
  /** In capitals; '' for what stands before the first. */
  readonly keyword: string
  readonly text: string
}

const TOKEN =
  /"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\/\*.*?\*\/|[()]|\b(?:select distinct|select|from|where|group by|having|order by|limit|offset|insert into|values|update|set|delete from|returning|on conflict|on duplicate key update|union all|union|for update)\b/gi

/** The clauses of a statement, told apart outside of quotes and parentheses. */
function clausesOf(line: string): Clause[] {
  const clauses: Clause[] = []
  let keyword = ''
  let from = 0
  let depth = 0
  for (const { 0: token, index } of line.matchAll(TOKEN)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && /^[a-z]/i.test(token)) {
      clauses.push({ keyword, text: line.slice(from, index).trim() })
      keyword = token.toUpperCase()
      from = index + token.length
    }
  }
  clauses.push({ keyword, text: line.slice(from).trim() })
  return clauses.filter((clause) => clause.keyword !== '' || clause.text !== '')
}

function shortened({ keyword, text }: Clause): string {
  switch (keyword) {
    case 'SELECT':
    case 'SELECT DISTINCT':
    case 'SET':
    case 'RETURNING':
      return `${keyword} ${counted(text, 'column')}`
    case 'INSERT INTO':
      return `${keyword} ${text.replace(/\((.*)\)$/s, (_, columns: string) => `(${counted(columns, 'column')})`)}`
    case 'FROM': {
      const [first = '', ...joined] = text.split(
        /\s(?:(?:left|right|inner|full|cross)\s+)?(?:outer\s+)?join\s(?![^(]*\))/i,
      )
      return `${keyword} ${first}${joined.length === 0 ? '' : ` + ${joined.length} joined`}`
    }
    default:
      return `${keyword} ${text}`.trim()
  }
}

/** A list of one or two things is shown. */
function counted(list: string, noun: string): string {
  let depth = 0
  let items = 1
  for (const char of list) {
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) items++
  }
  return items <= 2 && list.length <= 60 ? list : `${items} ${noun}${items === 1 ? '' : 's'}`
}

const NAME = /"(\w+)"|`(\w+)`/g

/** The table a statement is about, as its names are qualified; null where it joins others, whose columns are told apart. */
function tableOf(clauses: readonly Clause[]): string | null {
  const of = clauses.find(({ keyword }) => ['FROM', 'UPDATE', 'DELETE FROM'].includes(keyword))?.text
  const alone = /^((?:["`]\w+["`]\.)?["`]\w+["`])(?: AS (["`]\w+["`]))?$/i.exec(of ?? '')
  return alone === null ? null : (alone[2] ?? (alone[1] as string))
}

function plain(text: string, table: string | null): string {
  const own = table === null ? text : text.replaceAll(`${table}.`, '')
  return own
    .replace(/(["`])\w+\1\.(?=(["`])\w+\2(?:\.| |$|\())/g, (schema, _mark, _next, at: number) =>
      /(?:^| )(?:FROM|JOIN|INTO|UPDATE) $/.test(own.slice(0, at)) ? '' : schema,
    )
    .replace(NAME, '$1$2')
}
