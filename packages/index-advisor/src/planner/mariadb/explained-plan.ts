import { type Plan, type PlanNode, withoutLiterals } from '../plan.ts'

/** A table as `EXPLAIN FORMAT=JSON` of MariaDB has it. */
export interface ExplainedTable {
  readonly kind: 'table'
  readonly table: string
  readonly access: string
  /** Undefined where none is read, or more than one. */
  readonly key: string | undefined
  /** All indexes that are read: of an index merge and of a row filter too. */
  readonly keys: readonly string[]
  readonly usedKeys: readonly string[]
  readonly rows: number
  /** Of these, the share that its conditions let through, as the server sees it. */
  readonly filtered: number
  /** The index holds all that is asked for. */
  readonly isCovering: boolean
  /** It jumps from group to group. */
  readonly isGroupScan: boolean
  /** How it is joined with what was read before; undefined: row by row. `BNL` scans once a buffer, `BNLH` hashes. */
  readonly buffer: string | undefined
  /** A row of the outer side comes through without a match. */
  readonly isOuter: boolean
  /** Its index filters before rows are looked up: this share. */
  readonly rowFilter: number | undefined
  readonly conditions: readonly string[]
  readonly indexCondition: string
  readonly attachedCondition: string
  /** What is compared with a value. Never printed. */
  readonly comparisons: readonly Comparison[]
  /** Its columns that are compared with those of a table before it. */
  readonly joined: readonly string[]
  /** It is sorted before the next table is read. */
  readonly isSorted: boolean
  /** A subquery that is written down and read as this table. */
  readonly materialized: ExplainedBlock | undefined
  /** It is written down anew for each row before it. */
  readonly isLateral: boolean
}

export interface Comparison {
  readonly column: string
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | '<>' | 'in' | 'like' | 'null' | 'not null'
  readonly values: readonly string[]
  /** It is tested in the index, before the row is looked up. */
  readonly isInIndex: boolean
}

/** One SELECT: its tables in the order in which they are read. */
export interface ExplainedBlock {
  readonly selectId: number
  readonly tables: readonly ExplainedTable[]
  /** All rows are found and sorted before the first is given. */
  readonly isSorted: boolean
  /** All rows are written into a temporary table. */
  readonly isTemporary: boolean
  readonly subqueries: readonly { readonly block: ExplainedBlock; readonly isOnce: boolean }[]
  /** Parts of one UNION. */
  readonly united: readonly ExplainedBlock[]
  /** Something in it is not known here. */
  readonly isUnread: boolean
  /** The ends of indexes answer it: MIN and MAX, read while it is planned. The plan does not say of which. */
  readonly isOfEnds: boolean
  /** What is sorted by, anywhere in it; of the outermost SELECT alone. */
  readonly sorts: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

const EMPTY: ExplainedBlock = {
  selectId: 0,
  tables: [],
  isSorted: false,
  isTemporary: false,
  subqueries: [],
  united: [],
  isUnread: false,
  isOfEnds: false,
  sorts: [],
}

/** @param text the server's JSON */
export function readExplain(text: string): ExplainedBlock {
  const root = JSON.parse(text) as Json
  const block = { ...blockOf((root['query_block'] ?? {}) as Json), sorts: sortsOf(root) }
  // Servers before 10.9 write the tables of a join under one name, and all but the last are lost.
  const written = [...text.matchAll(/"table_name": "(?!<union)/g)].length
  return written === allTables(block).length ? block : { ...block, isUnread: true }
}

/** The tables of a plan in the order in which they are read, wherever they stand in it. */
export function allTables(block: ExplainedBlock): ExplainedTable[] {
  return [
    ...block.tables.flatMap((each) => [
      each,
      ...(each.materialized === undefined ? [] : allTables(each.materialized)),
    ]),
    ...block.united.flatMap(allTables),
    ...block.subqueries.flatMap((each) => allTables(each.block)),
  ]
}

export function isAnyUnread(block: ExplainedBlock): boolean {
  return (
    block.isUnread ||
    block.united.some(isAnyUnread) ||
    block.subqueries.some((each) => isAnyUnread(each.block)) ||
    block.tables.some((each) => each.materialized !== undefined && isAnyUnread(each.materialized))
  )
}

/** Words that say nothing of what is read. */
const PLAIN = new Set([
  'select_id',
  'cost',
  'const_condition',
  'having_condition',
  'outer_ref_condition',
  'sort_key',
  'operation',
  'recursive_union',
  'message',
  'query_time_in_progress_ms',
])

function blockOf(node: Json): ExplainedBlock {
  const tables: ExplainedTable[] = []
  const subqueries: ExplainedBlock['subqueries'][number][] = []
  const united: ExplainedBlock[] = []
  let [isSorted, isTemporary, isUnread, isOfEnds] = [false, false, false, false]
  const step = (each: Json): void => {
    const read = tablesOf(each)
    if (read === null) isUnread = true
    else tables.push(...read)
  }
  const read = (inner: Json): void => {
    for (const [name, value] of Object.entries(inner)) {
      switch (name) {
        case 'nested_loop':
          for (const each of value as Json[]) read(each)
          break
        case 'table':
          isOfEnds ||= (value as Json)['message'] === 'Select tables optimized away'
          step({ [name]: value })
          break
        case 'read_sorted_file':
        case 'block-nl-join':
        case 'duplicates_removal':
          step({ [name]: value })
          break
        case 'filesort':
          isSorted = true
          read(value as Json)
          break
        case 'temporary_table':
          isTemporary = true
          read(value as Json)
          break
        case 'sorts':
          isSorted = true
          break
        case 'duplicate_removal':
        case 'window_functions_computation':
          read(value as Json)
          break
        case 'subqueries':
          subqueries.push(...(value as Json[]).map(subqueryOf))
          break
        case 'union_result': {
          const parts = ((value as Json)['query_specifications'] ?? []) as Json[]
          united.push(...parts.map((each) => blockOf((each['query_block'] ?? {}) as Json)))
          break
        }
        default:
          if (!PLAIN.has(name)) isUnread = true
      }
    }
  }
  read(node)
  return {
    selectId: Number(node['select_id'] ?? 0),
    tables,
    isSorted,
    isTemporary,
    subqueries,
    united,
    isUnread,
    isOfEnds,
    sorts: [],
  }
}

/** Null: a kind of step that is not known. */
function tablesOf(step: Json): ExplainedTable[] | null {
  const [[name, value] = ['', undefined]] = Object.entries(step)
  const inner = value as Json | undefined
  if (inner === undefined) return null
  if (name === 'table') return typeof inner['table_name'] === 'string' ? [tableOf(inner)] : []
  if (name === 'block-nl-join') {
    const table = inner['table'] as Json | undefined
    return table === undefined ? null : [bufferedTable(table, inner)]
  }
  if (name === 'read_sorted_file') {
    const table = (inner['filesort'] as Json | undefined)?.['table'] as Json | undefined
    return table === undefined ? null : [{ ...tableOf(table), isSorted: true }]
  }
  // Rows that were found twice are left out while the tables are read.
  if (name === 'duplicates_removal' && Array.isArray(value)) {
    const parts = (value as Json[]).map(tablesOf)
    return parts.some((each) => each === null) ? null : parts.flatMap((each) => each ?? [])
  }
  return null
}

/** The condition of the join stands beside the table. */
function bufferedTable(table: Json, join: Json): ExplainedTable {
  const both = [table, join].flatMap(({ attached_condition: each }) =>
    typeof each === 'string' ? [each] : [],
  )
  const own = both.length === 0 ? table : { ...table, attached_condition: both.join(' and ') }
  return { ...tableOf(own), buffer: typeof join['join_type'] === 'string' ? join['join_type'] : 'BNL' }
}

function subqueryOf(node: Json): { block: ExplainedBlock; isOnce: boolean } {
  const [[name, value] = ['', undefined]] = Object.entries(node)
  const inner = (value ?? {}) as Json
  if (name === 'materialization')
    return { block: blockOf((inner['query_block'] ?? {}) as Json), isOnce: true }
  if (name === 'expression_cache')
    return { block: blockOf((inner['query_block'] ?? {}) as Json), isOnce: false }
  if (name === 'query_block') return { block: blockOf(inner), isOnce: false }
  return { block: { ...EMPTY, isUnread: true }, isOnce: false }
}

function tableOf(node: Json): ExplainedTable {
  const raw = (name: string) => (typeof node[name] === 'string' ? node[name] : '')
  const words = (name: string) => (raw(name) === '' ? [] : [withoutLiterals(raw(name))])
  const filter = node['rowid_filter'] as Json | undefined
  const key = typeof node['key'] === 'string' ? node['key'] : undefined
  const written = node['materialized'] as Json | undefined
  const materialized = written?.['query_block'] as Json | undefined
  return {
    kind: 'table',
    table: String(node['table_name']),
    access: String(node['access_type']),
    key,
    keys: [...(key === undefined ? [] : [key]), ...keysIn(node['index_merge']), ...keysIn(filter)],
    usedKeys: (node['used_key_parts'] ?? []) as readonly string[],
    rows: Number(node['rows'] ?? 1),
    filtered: Number(node['filtered'] ?? 100) / 100,
    isCovering: node['using_index'] === true,
    isGroupScan: node['using_index_for_group_by'] !== undefined,
    buffer: undefined,
    isOuter: /trigcond\(/.test(raw('attached_condition')),
    rowFilter: filter === undefined ? undefined : Number(filter['selectivity_pct'] ?? 100) / 100,
    conditions: [...words('index_condition'), ...words('attached_condition')],
    indexCondition: raw('index_condition'),
    attachedCondition: raw('attached_condition'),
    comparisons: [
      ...comparisonsIn(raw('index_condition'), true),
      ...comparisonsIn(raw('attached_condition'), false),
    ],
    joined: joinedIn(raw('attached_condition'), String(node['table_name'])),
    isSorted: false,
    materialized: materialized === undefined ? undefined : blockOf(materialized),
    isLateral: written?.['lateral'] !== undefined,
  }
}

function keysIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(keysIn)
  if (node === null || typeof node !== 'object') return []
  return Object.entries(node).flatMap(([name, value]) =>
    name === 'key' && typeof value === 'string' ? [value] : keysIn(value),
  )
}

const VALUE = String.raw`(?:[a-z]+ ?)?(?:'(?:[^'\\]|\\.|'')*'|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)`
const NAME = String.raw`(?:(?:\`[^\`]+\`|[\w$]+)\.)*(?:\`([^\`]+)\`|([\w$]+))`
const COMPARISON = new RegExp(
  String.raw`^${NAME} (?:(=|>=|<=|>|<|<>|like) (${VALUE})|(between) (${VALUE}) and (${VALUE})|(in) \((${VALUE}(?:,${VALUE})*)\)|(is null|is not null))$`,
  'i',
)

/** Conditions that must all hold: `Post.score >= 995 and Post.score < 1000`. What stands below an OR is none of them. */
function comparisonsIn(condition: string, isInIndex: boolean): Comparison[] {
  return conjunctsOf(condition).flatMap((part): Comparison[] => {
    const [, quoted, bare, operator, value, between, least, most, list, items, nulls] =
      COMPARISON.exec(part) ?? []
    const column = quoted ?? bare
    if (column === undefined) return []
    const made = (kind: Comparison['operator'], ...values: (string | undefined)[]): Comparison => ({
      column,
      operator: kind,
      values: values.map((each = '') => each.replace(/^[a-z]+ ?(?=')/i, '').replace(/^'|'$/g, '')),
      isInIndex,
    })
    if (operator !== undefined) return [made(operator.toLowerCase() as Comparison['operator'], value)]
    if (between !== undefined) return [made('>=', least), made('<=', most)]
    if (list !== undefined) return [made('in', ...(items ?? '').split(new RegExp(`,(?=${VALUE})`, 'i')))]
    return [made(nulls?.toLowerCase() === 'is null' ? 'null' : 'not null')]
  })
}

const SIDE = String.raw`(?:(?:\`[^\`]+\`|[\w$]+)\.)?(?:\`([^\`]+)\`|([\w$]+))\.(?:\`([^\`]+)\`|([\w$]+))`
const JOINED = new RegExp(`^${SIDE} = ${SIDE}$`)

/** `c.postId = p.id` → `postId` */
function joinedIn(condition: string, table: string): string[] {
  return conjunctsOf(condition).flatMap((part) => {
    const names = JOINED.exec(part)?.slice(1)
    if (names === undefined) return []
    const sides = [names.slice(0, 4), names.slice(4)].map(([quoted, bare, column, word]) => ({
      table: quoted ?? bare,
      column: column ?? word,
    }))
    return sides.flatMap((each) => (each.table === table ? (each.column ?? []) : []))
  })
}

/** Parts of the condition between its outermost ANDs; none where an OR stands there. */
export function conjunctsOf(condition: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  let isBetween = false
  for (const [token] of condition.matchAll(/'(?:[^'\\]|\\.|'')*'|`[^`]*`|\w+|\s+|[^]/g)) {
    if (token === '(') depth++
    if (token === ')') depth--
    if (depth === 0 && token === 'or') return []
    if (depth === 0 && token === 'between') isBetween = true
    if (depth === 0 && token === 'and' && !isBetween) {
      parts.push(part.trim())
      part = ''
      continue
    }
    if (depth === 0 && token === 'and') isBetween = false
    part += token
  }
  return [...parts, part.trim()].flatMap((each) => {
    if (each === '') return []
    const inner = unwrapped(each)
    return inner === each ? [each] : conjunctsOf(inner)
  })
}

/** `trigcond(…)` is what it holds, once the outer row is there; so is a pair of brackets. */
function unwrapped(part: string): string {
  const [, inner] = /^(?:trigcond)?\((.*)\)$/s.exec(part) ?? []
  return inner === undefined || !isOne(inner) ? part : inner
}

/** The brackets within are closed in the order in which they are opened. */
function isOne(text: string): boolean {
  let depth = 0
  for (const [token] of text.matchAll(/'(?:[^'\\]|\\.|'')*'|[()]/g)) {
    if (token === '(') depth++
    if (token === ')' && --depth < 0) return false
  }
  return true
}

const TYPES: Readonly<Record<string, string>> = {
  ALL: 'Table Scan',
  index: 'Index Scan',
  range: 'Range Scan',
  ref: 'Index Lookup',
  eq_ref: 'Unique Lookup',
  const: 'Unique Lookup',
}

/** @param idOf the hypothetical index's id for its name in the copy */
export function planOf(
  block: ExplainedBlock,
  cost: number,
  estimated: string | undefined,
  idOf: (name: string) => string,
): Plan {
  const tables = allTables(block)
  const nodes = tables.map(({ table, access, keys, rows, conditions }): PlanNode => ({
    type: TYPES[access] ?? access,
    relation: table,
    index: keys[0] === undefined ? null : keys.map(idOf).join(', '),
    conditions,
    sort: [],
    startupCost: 0,
    cost: 0,
    rows,
    children: [],
  }))
  const isSorted = block.isSorted || block.tables.some((each) => each.isSorted)
  const [only] = nodes
  const joined: PlanNode =
    nodes.length === 1 && only !== undefined
      ? { ...only, cost }
      : {
          type: 'Nested Loop',
          relation: null,
          index: null,
          conditions: [],
          sort: [],
          startupCost: 0,
          cost,
          rows: nodes.at(-1)?.rows ?? 0,
          children: nodes,
        }
  const root: PlanNode = isSorted
    ? {
        ...joined,
        type: 'Sort',
        relation: null,
        index: null,
        conditions: [],
        sort: block.sorts,
        children: [joined],
      }
    : joined
  return {
    cost,
    rows: root.rows,
    root,
    uses: [...new Set(tables.flatMap((each) => each.keys.map(idOf)))].sort(),
    ...(estimated === undefined ? {} : { estimated }),
  }
}

function sortsOf(root: unknown): string[] {
  if (Array.isArray(root)) return root.flatMap(sortsOf)
  if (root === null || typeof root !== 'object') return []
  return Object.entries(root).flatMap(([name, value]) =>
    name === 'sort_key' && typeof value === 'string' ? [withoutLiterals(value)] : sortsOf(value),
  )
}
