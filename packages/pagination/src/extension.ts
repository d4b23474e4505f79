import { randomBytes } from 'node:crypto'
import {
  defineExtension,
  InvalidOptionsError,
  mount,
  type Args,
  type BriskExtension,
  type Host,
  type Middleware,
  type Plugin,
} from '@prisma-brisk/core'
import { CursorCodec } from './keyset/cursor-codec.ts'
import { readCursorPage } from './keyset/cursor-page.ts'
import { walkRows } from './keyset/row-walk.ts'
import { checkHeavyFields } from './limit/heavy-fields.ts'
import { ListLimits, UNBOUNDED } from './limit/limits.ts'
import { LISTS } from './limit/sent-again.ts'
import {
  resolveOptions,
  type OmitHeavy,
  type OmitHeavyOption,
  type PaginationOptions,
  type ResolvedPaginationOptions,
} from './options.ts'
import { readOffsetPage } from './page/offset-page.ts'
import { modelNameOf, PAGE, pageRequests, type PageModel } from './page/page-request.ts'
import type { PaginationMethods } from './page-methods.ts'

/**
 * Limits every list read, and adds pages to every model.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(pagination({ maxLimit: 100 }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) at once, naming the option, what was expected and what was given
 */
export function pagination<const Heavy extends OmitHeavy = false>(
  options: PaginationOptions & OmitHeavyOption<Heavy> = {},
): BriskExtension<PaginationMethods<Heavy>> {
  const plugin = paginationPlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

/** The same as a part of a pipeline that holds more. */
export function paginationPlugin(options: PaginationOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  return {
    name: 'pagination',
    ownArguments: [UNBOUNDED, PAGE, LISTS],
    middleware: (host) => middlewareOf(host, resolved),
    model: (host) => methodsOf(host, resolved),
  }
}

function middlewareOf(host: Host, options: ResolvedPaginationOptions): Middleware {
  const limits = new ListLimits(host, options)
  checkModels(host, options)
  return (call, next) => {
    const token = call.args[PAGE]
    if (token === undefined) return limits.apply(call, next)
    // Different for each page: whoever keys by arguments (the cache) must not see it.
    const { [PAGE]: _, ...args } = call.args
    const request = pageRequests.find(token)
    if (request === undefined) return limits.apply(call.withArgs(args), next)
    return request.read(call.withArgs(args), (inner) => limits.apply(inner, next, request.lookahead))
  }
}

/** Limits of a model that does not exist would silently hold for nothing. */
function checkModels(host: Host, { models, heavy }: ResolvedPaginationOptions): void {
  const schema = models.size + heavy.fields.size === 0 ? null : host.schema()
  if (schema === null) return
  checkHeavyFields(schema, heavy)
  for (const model of models.keys()) {
    if (!schema.models.has(model))
      throw new InvalidOptionsError(
        `pagination.models.${model}`,
        `one of ${[...schema.models.keys()].join(', ')}`,
        model,
      )
  }
}

function methodsOf(host: Host, { limits, models, cursor }: ResolvedPaginationOptions) {
  let codec: CursorCodec | null = null
  return {
    cursorPage(this: PageModel, args: Args = {}) {
      codec ??= codecOf(host, cursor)
      return readCursorPage(host, this, args, models.get(modelNameOf(this)) ?? limits, codec, cursor.scope)
    },
    iterate(this: PageModel, args: Args = {}) {
      return walkRows(host, this, args, models.get(modelNameOf(this)) ?? limits)
    },
    paginate(this: PageModel, args: Args = {}) {
      return readOffsetPage(host, this, args, models.get(modelNameOf(this)) ?? limits)
    },
  }
}

/** Clients that extend one base client and name no secret share a random one. */
function codecOf(host: Host, cursor: ResolvedPaginationOptions['cursor']): CursorCodec {
  if (cursor.secrets.length > 0) return new CursorCodec(cursor)
  host.warnOnce('W_CURSOR_SECRET', NO_SECRET)
  const secret = host.state(randomSecret, () => randomBytes(32).toString('base64'))
  return new CursorCodec({ ...cursor, secrets: [secret] })
}

const randomSecret = Symbol('prisma-brisk.pagination.secret')
const NO_SECRET =
  'prisma-brisk: cursors are signed with a random secret of this process: others refuse them, and so does this one after a restart. Pass pagination({ cursor: { secret } }).'
