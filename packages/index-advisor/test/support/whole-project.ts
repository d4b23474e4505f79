import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Advice, Finding, Recommendation } from '../../src/advice/advice.ts'

/** A small repository in one file, and what a database engineer would say of it. */
export interface WholeProject {
  readonly name: string
  /** The first comment: what is peculiar to its shape. */
  readonly shape: string
  readonly files: Readonly<Record<string, string>>
  /** File or directory of the schema; null where the advisor shall find it. */
  readonly schema: string | null
  /** In the words of `said`. */
  readonly right: readonly string[]
}

/**
 * `=== path` begins a file. Of `=== right` each line is one thing to say: `+ Post(authorId, status | createdAt)` an index,
 * with the columns before the bar in any order; `- Post_authorId_idx` an index that can go; `! pattern-search Post` a remark.
 */
export function readWholeProject(path: string): WholeProject {
  const files = Object.fromEntries(
    readFileSync(path, 'utf8')
      .split(/^=== /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n')
        return [part.slice(0, end), part.slice(end + 1)]
      }),
  )
  const { right = '', ...others } = files
  const lines = right.split('\n').filter((line) => line !== '')
  return {
    name: basename(path, '.project'),
    shape: lines.find((line) => line.startsWith('# '))?.slice(2) ?? '',
    files: others,
    schema: lines.find((line) => line.startsWith('schema '))?.slice(7) ?? null,
    right: lines.filter((line) => /^[+\-!] /.test(line)),
  }
}

/** What is no advice but a word on how far the reading went. */
const NOTES: readonly Finding['kind'][] = ['unread', 'statistics', 'unsupported', 'partial-index']
const DROPS: readonly Finding['kind'][] = ['redundant-index', 'duplicate-index']

/** The advice in the words of `right`; columns that are compared by equality are looked up there. */
export function said({ recommendations, findings }: Advice, right: readonly string[]): string[] {
  const drops = findings.filter((each) => DROPS.includes(each.kind)).map((each) => `- ${each.index}`)
  const remarks = findings
    .filter((each) => !NOTES.includes(each.kind) && !DROPS.includes(each.kind))
    .map((each) => `! ${each.kind} ${each.model}`)
  return [
    ...recommendations.map((each) => right.find((line) => isSame(line, each)) ?? `+ ${each.id}`),
    ...drops,
    ...new Set(remarks),
  ]
}

function isSame(line: string, { model, fields, type, sort }: Recommendation): boolean {
  const [, of, columns = '', method = 'BTree'] = /^\+ (\w+)\((.+)\)(?: (\w+))?$/.exec(line) ?? []
  if (of !== model || method !== type || sort.includes('desc')) return false
  const [free = [], fixed = []] = columns.split(' | ').map((part) => part.split(', '))
  const isFree =
    free.length <= fields.length && free.every((each) => fields.slice(0, free.length).includes(each))
  return isFree && fields.slice(free.length).join() === fixed.join()
}
