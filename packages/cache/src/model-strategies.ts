import { InvalidOptionsError, nearest, type SchemaModel } from '@prisma-brisk/core'
import type { CacheStrategy } from './cache-strategy.ts'

/** How reads that say nothing themselves are cached, by model. */
export interface ModelStrategies {
  /** Whether no read is cached without asking for it. */
  readonly isEmpty: boolean
  /** Models that no read may rest on unless it asks for the cache itself. */
  readonly except: ReadonlySet<string>
  /** The strategy of a model's reads; undefined where they are left alone. */
  of(model: string): CacheStrategy | undefined
  /** @throws InvalidOptionsError for a name that the schema does not have */
  check(schema: SchemaModel): void
}

/** What the options say of models. */
interface ModelOptions {
  readonly models?: '*' | Readonly<Record<string, CacheStrategy | false>> | undefined
  readonly except?: readonly string[] | undefined
  readonly defaultStrategy?: CacheStrategy | undefined
}

/** @throws InvalidOptionsError (`E_INVALID_OPTIONS`) for what only goes with `models: '*'` */
export function modelStrategies(options: ModelOptions, defaultTtl = DEFAULT_TTL): ModelStrategies {
  const { models = {}, except, defaultStrategy } = options
  if (models === '*') {
    const { ttl = defaultTtl } = defaultStrategy ?? {}
    return strategyOfAll({ ...defaultStrategy, ttl }, except ?? [])
  }
  for (const [name, value] of Object.entries({ except, defaultStrategy })) {
    if (value === undefined) continue
    throw new InvalidOptionsError(`cache.${name}`, "nothing unless models is '*'", value, BY_NAME)
  }
  return strategiesByName(models)
}

/** Seconds; short enough where other programs write to the database too. */
const DEFAULT_TTL = 60
const BY_NAME =
  "Set models: '*', or give each model its strategy: models: { User: { ttl: 60 }, Session: false }."

/** Those of the models that are named. */
function strategiesByName(named: Readonly<Record<string, CacheStrategy | false>>): ModelStrategies {
  const strategies = new Map(Object.entries(named))
  return {
    isEmpty: strategies.size === 0,
    except: NONE,
    of: (model) => strategies.get(model) || undefined,
    check(schema) {
      for (const [name, strategy] of strategies) checkName(schema, name, `cache.models.${name}`, strategy)
    },
  }
}

/** One for all models but some. */
function strategyOfAll(strategy: CacheStrategy, except: readonly string[]): ModelStrategies {
  const excepted = new Set(except)
  return {
    isEmpty: false,
    except: excepted,
    of: (model) => (excepted.has(model) ? undefined : strategy),
    check(schema) {
      except.forEach((name, index) => checkName(schema, name, `cache.except[${index}]`, name))
    },
  }
}

function checkName(schema: SchemaModel, name: string, path: string, given: unknown): void {
  if (schema.models.has(name)) return
  const near = nearest(name, [...schema.models.keys()])
  const advice = near === null ? '' : `There is no model ${name}; did you mean ${near}?`
  throw new InvalidOptionsError(path, 'the name of a model of the schema', given, advice)
}

const NONE: ReadonlySet<string> = new Set()
