import { StatementCallers, type StatementCaller } from './statement-callers.ts'

/** What a comment says, by key; keys without a value are left out. */
export type SqlTags = Readonly<Record<string, string | undefined>>

/** What Prisma tells a commenter of a statement. */
export interface SqlCommentContext {
  readonly query: {
    /** `compacted`: one statement for several queries. */
    readonly type: 'single' | 'compacted'
    /** Undefined for raw SQL. */
    readonly modelName?: string | undefined
    readonly action: string
  }
  readonly sql?: string | undefined
}

/** A plugin of Prisma's option `comments`. */
export interface SqlCommenter {
  (context: SqlCommentContext): SqlTags
  /** What it consists of. Parts are asked one by one, of as few callers as it takes. */
  readonly parts?: readonly SqlCommenter[]
  /** It is not asked of more callers than that, and says nothing of what they share. */
  readonly mostCallers?: number
  /** It asks calls where they were made. */
  readonly asksForSites?: boolean
}

/**
 * Has the plugins of a client's option `comments` write no more of a statement than is true of all for whom it is sent, and
 * how many those are (`shared='10-99'`).
 *
 * A plugin knows its caller by the async context. A statement that several callers share is sent in the context of one of
 * them: there each plugin is asked in the context of every caller, and a tag stays where all agree. So does one that none of
 * them has: it is the statement's own, like the span of a batch.
 *
 * The list is changed in place, because a client that is connected has taken it; one that is frozen is replaced.
 *
 * @returns the list that the client is to use
 */
export function tellCallers(commenters: SqlCommenter[] | undefined): SqlCommenter[] | undefined {
  if (!Array.isArray(commenters) || commenters.length === 0 || told.has(commenters)) return commenters
  const parts = commenters.flatMap((commenter) => commenter.parts ?? [commenter])
  const joined: SqlCommenter = (context) => tagsOf(parts, context)
  const list = Object.isSealed(commenters) ? [joined] : commenters
  list.splice(0, list.length, joined)
  told.add(list)
  StatementCallers.watch()
  isAskedForSites ||= parts.some(({ asksForSites }) => asksForSites === true)
  return list
}

const told = new WeakSet<object>()
let isAskedForSites = false

/** Whether comments name call sites, so that they have to be known where Prisma records none. */
export const commentsNameSites = (): boolean => isAskedForSites

function tagsOf(parts: readonly SqlCommenter[], context: SqlCommentContext): SqlTags {
  const callers = StatementCallers.current
  const sender = context.query.type === 'single' ? callers?.sender : undefined
  if (sender !== undefined) return StatementCallers.as(sender, () => tagsOf(parts, context))
  const all = callers?.all ?? []
  if (callers === undefined || all.length < 2)
    return Object.assign({}, ...parts.map((part) => defined(part(context))))
  return Object.assign(
    { shared: magnitudeOf(all.length) },
    ...parts.map((part) => defined(commonTags(part, context, all, callers.by))),
  )
}

/** The tags on which all callers agree, and those of the sending context that no caller has. */
function commonTags(
  part: SqlCommenter,
  context: SqlCommentContext,
  all: readonly StatementCaller[],
  by: StatementCaller,
): SqlTags {
  if (all.length > (part.mostCallers ?? Infinity)) return {}
  const own = part(context)
  const tagsOfSender = StatementCallers.as(by, () => part(context))
  const [first, ...others] = all.map((caller) => () => StatementCallers.as(caller, () => part(context)))
  const common = { ...first?.() }
  const unclaimed = new Map(
    Object.entries(own).filter(([key, value]) => common[key] !== value && tagsOfSender[key] !== value),
  )
  for (const tagsOfOther of others) {
    const keys = Object.keys(common)
    if (keys.length === 0 && unclaimed.size === 0) break
    const tags = tagsOfOther()
    for (const key of keys) if (tags[key] !== common[key]) delete common[key]
    for (const [key, value] of unclaimed) if (tags[key] === value) unclaimed.delete(key)
  }
  return { ...Object.fromEntries(unclaimed), ...common }
}

/** `2-9`, `10-99`, …: texts that differ in their comments take a place each in caches of statements. */
function magnitudeOf(count: number): string {
  const digits = String(count).length
  return digits === 1 ? '2-9' : `1${'0'.repeat(digits - 1)}-${'9'.repeat(digits)}`
}

function defined(tags: SqlTags): SqlTags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined))
}
