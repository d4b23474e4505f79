/**
 * MySQL's and MariaDB's own forms of statements brought to what PostgreSQL's parser knows, so far as they say which columns
 * are asked for and in which order. Names are in double quotes already, placeholders are `$n`, and strings stay as they are.
 *
 * @example
 * postgresForms('SELECT * FROM "A" WHERE b = $1 LIMIT 5, 10') // … LIMIT 10 OFFSET 5
 */
export function postgresForms(sql: string): string {
  const quoted: string[] = []
  // What stands in quotes is no form: `\u0001s3\u0001` a string, `\u0001n4\u0001` a name.
  const bare = sql.replace(/'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"/g, (found) => {
    quoted.push(found)
    return `\u0001${found.startsWith("'") ? 's' : 'n'}${quoted.length - 1}\u0001`
  })
  const formed = FORMS.reduce((text, [form, into]) => text.replace(form, into as string), bare)
  return joinedChange(formed).replace(/\u0001[sn](\d+)\u0001/g, (_, at: string) => quoted[Number(at)] ?? '')
}

const VALUE = String.raw`(?:\$\d+|\d+)`
const STRING = '\u0001s\\d+\u0001'
const NAME = String.raw`(?:\u0001n\d+\u0001|[A-Za-z_]\w*)`
const UNIT =
  '(?:MICROSECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR)(?:_(?:MICROSECOND|SECOND|MINUTE|HOUR|MONTH))?'

const form = (text: string): RegExp => new RegExp(text, 'gi')

const FORMS: readonly (readonly [RegExp, string | ((...found: string[]) => string)])[] = [
  // What the server is told, and not asked.
  [
    form(
      String.raw`\bSELECT((?:\s+DISTINCT(?:ROW)?)?)(?:\s+(?:SQL_CALC_FOUND_ROWS|SQL_NO_CACHE|SQL_CACHE|STRAIGHT_JOIN|HIGH_PRIORITY|SQL_SMALL_RESULT|SQL_BIG_RESULT|SQL_BUFFER_RESULT))+`,
    ),
    'SELECT$1',
  ],
  [form(String.raw`\bDISTINCTROW\b`), 'DISTINCT'],
  [form(String.raw`\bSTRAIGHT_JOIN\b`), 'JOIN'],
  [
    form(
      String.raw`,?\s*\b(?:USE|FORCE|IGNORE)\s+(?:INDEX|KEY)(?:\s+FOR\s+(?:JOIN|ORDER\s+BY|GROUP\s+BY))?\s*\([^()]*\)`,
    ),
    ' ',
  ],
  [form(String.raw`\bPARTITION\s*\((?!\s*BY\b)[^()]*\)`), ' '],
  [form(String.raw`\b(UPDATE|DELETE)((?:\s+(?:LOW_PRIORITY|QUICK|IGNORE))+)\b`), '$1'],
  [form(String.raw`\bLOCK\s+IN\s+SHARE\s+MODE\b`), 'FOR SHARE'],
  [form(String.raw`\bFOR\s+UPDATE\s+WAIT\s+\d+`), 'FOR UPDATE'],
  [form(String.raw`\bWITH\s+ROLLUP\b`), ' '],
  [form(String.raw`\bFROM\s+DUAL\b`), ' '],
  // Inserts say nothing of indexes but that there is one more row.
  [
    form(
      String.raw`^(\s*)(?:REPLACE|INSERT)(?:\s+(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE))*(?:\s+INTO)?\s+`,
    ),
    '$1INSERT INTO ',
  ],
  [form(String.raw`\bON\s+DUPLICATE\s+KEY\s+UPDATE\b[\s\S]*$`), ' '],
  [form(String.raw`^(\s*INSERT\s+INTO\s+${NAME}(?:\s*\.\s*${NAME})?)\s+SET\b[\s\S]*$`), '$1 DEFAULT VALUES'],
  [form(String.raw`\bVALUES?\s+ROW\s*\(`), 'VALUES ('],
  [form(String.raw`(\)\s*,\s*)ROW\s*\(`), '$1('],
  [form(String.raw`^(\s*INSERT\s+INTO\s+[^()]*(?:\([^()]*\))?\s*)VALUE\s*\(`), '$1VALUES ('],
  // Expressions.
  [
    form(
      String.raw`\bMATCH\s*\(\s*([^(),]+)[^()]*\)\s*AGAINST\s*\(\s*([^()]*?)(?:\s+IN\s+(?:BOOLEAN|NATURAL\s+LANGUAGE)\s+MODE)?(?:\s+WITH\s+QUERY\s+EXPANSION)?\s*\)`,
    ),
    '($1 @@ ($2))',
  ],
  [
    form(String.raw`\bINTERVAL\s+(${STRING}|${VALUE}|-\s*${VALUE}|\([^()]*\)|[\w.]+)\s+${UNIT}\b`),
    "($1 * INTERVAL '1 day')",
  ],
  [form(String.raw`<=>`), 'IS NOT DISTINCT FROM'],
  [form(String.raw`&&`), ' AND '],
  [form(String.raw`\|\|`), ' OR '],
  [form(String.raw`\bXOR\b`), '<>'],
  [form(String.raw`!(?=\s*[\w(\u0001$])`), ' NOT '],
  [form(String.raw`\bNOT\s+(?:REGEXP|RLIKE)\b`), '!~'],
  [form(String.raw`\b(?:REGEXP|RLIKE|SOUNDS\s+LIKE)\b(?!\s*\()`), '~'],
  [form(String.raw`\bDIV\b`), '/'],
  [form(String.raw`(?<=[\w)\u0001]\s+)MOD(?=\s+[\w(\u0001$])`), '%'],
  [form(String.raw`\bBINARY\s+(?=[\w(\u0001$])`), ''],
  [form(String.raw`\bMEMBER\s+OF\s*\(`), '= ANY ('],
  [form(String.raw`\b_(?:utf8mb4|utf8mb3|utf8|latin1|binary|ascii|ucs2)\s*(?=\u0001s|0x|x\u0001)`), ''],
  [form(String.raw`\b0x[0-9a-f]+\b`), "'0'"],
  [form(String.raw`\s+COLLATE\s+${NAME}`), ' '],
  [form(String.raw`\s+(?:CHARACTER\s+SET|CHARSET)\s+${NAME}`), ' '],
  [form(String.raw`\s+SEPARATOR\s+${STRING}`), ''],
  [form(String.raw`\bCONVERT\s*\(([^()]*?)\s+USING\s+\w+\s*\)`), '($1)'],
  [form(String.raw`\bAS\s+(?:UN)?SIGNED(?:\s+INT(?:EGER)?)?\s*(?=\))`), 'AS bigint'],
  [form(String.raw`\bAS\s+(?:N?CHAR|BINARY)(?:\s*\(\d+\))?\s*(?=\))`), 'AS text'],
  [form(String.raw`\bAS\s+DATETIME(?:\s*\(\d+\))?\s*(?=\))`), 'AS timestamp'],
  [form(String.raw`\bAS\s+DOUBLE\s*(?=\))`), 'AS float8'],
  [form(String.raw`@@?[\w.$]+\s*:=`), ' '],
  [form(String.raw`@@?[\w.$]+`), 'NULL'],
  // A bounded change: which rows come first is not asked of an index that a SELECT could not use as well.
  [
    form(
      String.raw`^(\s*(?:UPDATE|DELETE)\b[\s\S]*?)(?:\s+ORDER\s+BY\s+[^()]*?)?\s+LIMIT\s+${VALUE}\s*;?\s*$`,
    ),
    '$1',
  ],
  [form(String.raw`\bLIMIT\s+(${VALUE})\s*,\s*(${VALUE})`), 'LIMIT $2 OFFSET $1'],
]

/**
 * `DELETE a FROM a JOIN b ON … WHERE …`, `UPDATE a JOIN b ON … SET … WHERE …`: what is asked stands in a SELECT, what is done
 * in a change of the table.
 */
function joinedChange(sql: string): string {
  const target = String.raw`${NAME}(?:\s*\.\s*${NAME})?(?:\s*\.\s*\*)?`
  const removed = form(String.raw`^\s*DELETE\s+(${target})(?:\s*,\s*${target})*\s+FROM\s+([\s\S]+)$`).exec(
    sql,
  )
  if (removed !== null) {
    const [, name = '', rest = ''] = removed
    const alias = name.replace(/\s*\.\s*\*$/, '')
    return `WITH asked AS (SELECT 1 FROM ${rest.replace(/;\s*$/, '')}) DELETE FROM ${tableOf(alias, rest)}`
  }
  const updated = form(
    String.raw`^\s*UPDATE\s+([\s\S]+?\bJOIN\b[\s\S]+?|${NAME}[^()=]*?,[^()=]+?)\s+SET\s+([\s\S]+?)(\s+WHERE\s+[\s\S]+)?;?\s*$`,
  ).exec(sql)
  if (updated === null) return sql
  const [, from = '', set = '', where = ''] = updated
  const first = form(String.raw`^\s*(${NAME}(?:\s*\.\s*${NAME})?)`).exec(from)?.[1] ?? ''
  return `WITH asked AS (SELECT 1 FROM ${from}${where}) UPDATE ${first} SET ${set}`
}

/** The table behind an alias. */
function tableOf(alias: string, from: string): string {
  const escaped = alias.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  const named = form(String.raw`(${NAME}(?:\s*\.\s*${NAME})?)\s+(?:AS\s+)?${escaped}(?![\w\u0001])`).exec(
    from,
  )?.[1]
  return named === undefined || /^(?:join|from|on|where|and|or|using)$/i.test(named) ? alias : named
}
