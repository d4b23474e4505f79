import { AllowanceError, BudgetConfigError } from '../errors.ts'
import type { Allowance, Level, ResolvedBudgets, RuleName } from './budget-config.ts'

const DEFAULTS: Readonly<Record<RuleName, Level>> = {
  'n-plus-one': 'fail',
  'more-statements': 'fail',
  'sequential-scan': 'fail',
  cost: 'warn',
  'unbounded-list': 'warn',
  unindexed: 'warn',
  'duplicate-reads': 'warn',
}

/** The rules, in the order in which they are reported. */
export const RULE_NAMES = Object.keys(DEFAULTS) as readonly RuleName[]

const LEVELS: ReadonlySet<unknown> = new Set(['off', 'warn', 'fail'])

/**
 * @param given `budgets` as a file has it
 * @param path of that file, for errors
 * @throws BudgetConfigError, AllowanceError
 */
export function resolveBudgets(given: unknown, path: string): ResolvedBudgets {
  const check = new ConfigCheck(path)
  const budgets = check.object('budgets', given, ['recording', 'statistics', 'rules', 'allow', 'ignore'])
  const rules = check.object('rules', budgets['rules'], RULE_NAMES)
  const level = (name: RuleName): Level => check.level(name, rules[name]) ?? DEFAULTS[name]
  return {
    recording: check.text('recording', budgets['recording']) ?? 'brisk-queries.json',
    statistics: check.text('statistics', budgets['statistics']) ?? null,
    levels: Object.fromEntries(RULE_NAMES.map((name) => [name, level(name)])) as Record<RuleName, Level>,
    more: check.number('more-statements', rules['more-statements'], 'more', 0) ?? 0,
    rows: check.number('sequential-scan', rules['sequential-scan'], 'rows', 0) ?? 10_000,
    factor: check.number('cost', rules['cost'], 'factor', 1) ?? 2,
    allow: check.list('allow', budgets['allow']).map((each, at) => check.allowance(`allow[${at}]`, each)),
    ignore: check.list('ignore', budgets['ignore']).map((each, at) => check.needed(`ignore[${at}]`, each)),
  }
}

const NUMBERS: Readonly<Partial<Record<RuleName, string>>> = {
  'more-statements': 'more',
  'sequential-scan': 'rows',
  cost: 'factor',
}

class ConfigCheck {
  constructor(private readonly path: string) {}

  object(name: string, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.wrong(name, 'an object', value)
    const other = Object.keys(value).find((each) => !known.includes(each))
    if (other !== undefined) throw this.wrong(name, `one of ${known.join(', ')}`, other)
    return value as Readonly<Record<string, unknown>>
  }

  level(name: RuleName, value: unknown): Level | undefined {
    if (typeof value !== 'object' || value === null) return this.oneOf(name, value)
    const number = NUMBERS[name]
    return this.oneOf(
      `${name}.level`,
      this.object(name, value, ['level', ...(number === undefined ? [] : [number])])['level'],
    )
  }

  private oneOf(name: string, value: unknown): Level | undefined {
    if (value === undefined || LEVELS.has(value)) return value as Level | undefined
    throw this.wrong(name, 'off, warn or fail', value)
  }

  number(rule: RuleName, value: unknown, name: string, least: number): number | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const number = (value as Readonly<Record<string, unknown>>)[name]
    if (number === undefined) return undefined
    if (typeof number === 'number' && number >= least) return number
    throw this.wrong(`${rule}.${name}`, `a number from ${least}`, number)
  }

  text(name: string, value: unknown): string | undefined {
    return value === undefined ? undefined : this.needed(name, value)
  }

  needed(name: string, value: unknown): string {
    if (typeof value === 'string' && value !== '') return value
    throw this.wrong(name, 'a text', value)
  }

  list(name: string, value: unknown): readonly unknown[] {
    if (value === undefined) return []
    if (Array.isArray(value)) return value as unknown[]
    throw this.wrong(name, 'a list', value)
  }

  allowance(name: string, value: unknown): Allowance {
    const given = this.object(name, value, ['rule', 'reason', 'test', 'call', 'at'])
    const { rule } = given
    if (typeof rule !== 'string' || !RULE_NAMES.includes(rule as RuleName))
      throw this.wrong(`${name}.rule`, `one of ${RULE_NAMES.join(', ')}`, rule)
    if (typeof given['reason'] !== 'string' || given['reason'].trim() === '')
      throw new AllowanceError(`${this.path}: ${name}`, rule)
    for (const each of ['test', 'call', 'at']) this.text(`${name}.${each}`, given[each])
    return given as unknown as Allowance
  }

  private wrong(name: string, expected: string, got: unknown): BudgetConfigError {
    return new BudgetConfigError(
      this.path,
      name,
      expected,
      got === undefined ? 'nothing' : typeof got === 'string' ? got : (JSON.stringify(got) ?? typeof got),
    )
  }
}
