import {
  boolean,
  checkOptions,
  runningCall,
  text,
  type SqlCommentContext,
  type SqlCommenter,
  type SqlTags,
  currentScope,
} from '@prisma-brisk/core'
import { shapeOf } from './trace/call-shape.ts'

/** What {@link briskComments} writes; all of it by default. */
export interface BriskCommentsOptions {
  /** `route='GET /posts/:id'`: the name of the request, job or message (`runRequest`, the middlewares). */
  readonly route?: boolean | undefined
  /** `callsite='src/posts.ts:14'`: the line of the application that made the call. 15–25 µs a statement. */
  readonly callSite?: boolean | undefined
  /** `operation='Post.findMany'`: what the application called, whatever was sent in its place. */
  readonly operation?: boolean | undefined
  /** `shape='9d3c01f2'`: 8 hexadecimal digits, the same for calls whose arguments differ in their values only. */
  readonly shape?: boolean | undefined
  /** The directory that call sites are relative to. Default: the working directory of the process. */
  readonly root?: string | undefined
}

/** A plugin for the option `comments` of Prisma's client. */
export type BriskComments = (context: SqlCommentContext) => SqlTags

/**
 * Writes behind every statement where it comes from, as `sqlcommenter` does, so that `auto_explain`, the server's own log and
 * monitors of the database name the line of code. Nothing of it is a value of a call, and all of it is one of few texts.
 *
 * What is not known is left out: the route where no request is open; call site and shape without the suite. A statement that
 * answers several calls says so, `shared='10-99'`, and names only what is the same for all of them. Call sites of more than
 * 99 callers are not compared.
 *
 * @throws InvalidOptionsError
 * @example
 * const prisma = new PrismaClient({ adapter, comments: [briskComments()] }).$extends(brisk())
 * // callsite='src%2Fposts.ts%3A14',operation='Post.findMany',route='GET%20%2Fposts%2F%3Aid',shape='9d3c01f2'
 */
export function briskComments(options: BriskCommentsOptions = {}): BriskComments {
  checkOptions('briskComments', options, {
    route: boolean,
    callSite: boolean,
    operation: boolean,
    shape: boolean,
    root: text,
  })
  const { route = true, callSite = true, operation = true, shape = true, root } = options
  const parts: SqlCommenter[] = [
    ...(route ? [routeTag] : []),
    ...(callSite ? [callSiteTag(root ?? process.cwd())] : []),
    ...(operation ? [operationTag] : []),
    ...(shape ? [shapeTag] : []),
  ]
  return Object.assign(
    (context: SqlCommentContext): SqlTags => Object.assign({}, ...parts.map((part) => part(context))),
    { parts },
  )
}

const routeTag: SqlCommenter = () => {
  const info = currentScope()?.info
  // An HTTP request that no route has taken has a name that says so.
  return info === undefined || info.route === null ? {} : { route: info.name }
}

function callSiteTag(root: string): SqlCommenter {
  const texts = new Map<string, string>()
  const tag: SqlCommenter = () => {
    const site = runningCall()?.callSite() ?? null
    if (site === null) return {}
    const known = texts.get(site)
    if (known !== undefined) return { callsite: known }
    const callsite = relativeSite(site, root)
    if (texts.size < MOST_TEXTS) texts.set(site, callsite)
    return { callsite }
  }
  return Object.assign(tag, { asksForSites: true, mostCallers: 99 })
}

const MOST_TEXTS = 10_000

/** `src/posts.ts:14` of `/app/src/posts.ts:14:7`; the column says little, and changes often. */
function relativeSite(site: string, root: string): string {
  const path = site.replace(/:\d+$/, '').split(/[\\/]/)
  const from = root.split(/[\\/]/).filter((name, index) => index === 0 || name !== '')
  let common = 0
  while (common < from.length && common < path.length - 1 && from[common] === path[common]) common++
  // On another drive, or no path at all.
  if (common === 0) return path.join('/')
  return [...from.slice(common).map(() => '..'), ...path.slice(common)].join('/')
}

const operationTag: SqlCommenter = ({ query: { modelName, action } }) => {
  const call = runningCall()
  const model = call === undefined ? modelName : (call.model ?? undefined)
  const operation = call?.operation ?? (model === undefined ? `$${action}` : action.replace(/One$/, ''))
  return { operation: model === undefined ? operation : `${model}.${operation}` }
}

const shapeTag: SqlCommenter = () => {
  const call = runningCall()
  return call === undefined || call.model === null ? {} : { shape: hashOf(shapeOf(call)) }
}

/** FNV-1a. */
function hashOf(shape: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < shape.length; index++)
    hash = Math.imul(hash ^ shape.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
