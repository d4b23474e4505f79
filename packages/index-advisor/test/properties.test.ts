import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forSeeds, type Random } from '../../../test/support/random.ts'
import { advise } from '../src/advise.ts'
import type { Condition, QueryShape } from '../src/shape/query-shape.ts'

/** What holds of advice whatever the project: on random models, indexes and questions. */

let place: string
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'brisk-properties-'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Every name is looked up, so that all of them can be others. */
type Names = (name: string) => string
const same: Names = (name) => name

interface World {
  readonly models: readonly { readonly name: string; readonly lines: readonly string[] }[]
  readonly shapes: readonly QueryShape[]
}

const FIELDS = ['a', 'b', 'c', 'd', 'e']
const OPERATORS = ['equals', 'in', 'range', 'is-null', 'not', 'pattern'] as const

interface Question {
  readonly model: string
  readonly conditions: readonly (Omit<Condition, 'column'> & { readonly field: string })[]
  readonly order: readonly { readonly field: string; readonly sort: 'asc' | 'desc' }[]
  readonly limit: number | null
  readonly isPartial: boolean
}

interface Plan {
  readonly indexes: Readonly<Record<string, readonly (readonly string[])[]>>
  readonly questions: readonly Question[]
}

function randomPlan(random: Random): Plan {
  const fields = (most: number) => [
    ...new Set(Array.from({ length: random.int(1, most) }, () => random.pick(FIELDS))),
  ]
  const models = ['One', 'Two']
  return {
    indexes: Object.fromEntries(
      models.map((model) => [model, unique(Array.from({ length: random.int(0, 2) }, () => fields(3)))]),
    ),
    questions: Array.from({ length: random.int(1, 6) }, (): Question => ({
      model: random.pick(models),
      conditions: fields(3).map((field) => ({
        field,
        operator: random.pick([...OPERATORS]),
        isOptional: random.int(0, 9) === 0,
      })),
      order: random.pick([true, false])
        ? fields(2).map((field) => ({ field, sort: random.pick(['asc', 'desc']) }))
        : [],
      limit: random.pick([null, 20]),
      isPartial: random.int(0, 5) === 0,
    })),
  }
}

function unique(indexes: readonly (readonly string[])[]): string[][] {
  return [...new Map(indexes.map((each) => [each.join(), [...each]])).values()]
}

function worldOf({ indexes, questions }: Plan, name: Names = same): World {
  const models = ['One', 'Two'].map((model) => ({
    name: name(model),
    lines: [
      `${name('id')} Int @id`,
      ...FIELDS.map((field) => `${name(field)} ${field === 'e' ? 'Boolean' : 'Int'}?`),
      ...(indexes[model] ?? []).map((each) => `@@index([${each.map(name).join(', ')}])`),
    ],
  }))
  const shapes = questions.map(({ model, conditions, order, limit, isPartial }, at): QueryShape => ({
    table: name(model),
    schema: null,
    conditions: conditions.map(({ field, ...each }) => ({ ...each, column: name(field) })),
    order: order.map(({ field, sort }) => ({ column: name(field), sort })),
    limit,
    offset: null,
    arm: null,
    isPartial,
    evidence: { kind: 'source', at: `src/q.ts:${at + 1}:1` },
  }))
  return { models, shapes }
}

interface Advised {
  /** `One(a, b)` with the columns as a set: which of those that are compared by equality comes first is open. */
  readonly sets: readonly string[]
  readonly lines: ReadonlyMap<string, readonly string[]>
}

async function adviseOnWorld({ models, shapes }: World, back: Names = same): Promise<Advised> {
  const text = models.map(
    ({ name, lines }) => `model ${name} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`,
  )
  writeFileSync(
    join(place, 'schema.prisma'),
    `datasource db {\n  provider = "postgresql"\n}\n${text.join('\n')}`,
  )
  const { advice } = await advise({ cwd: place, schema: 'schema.prisma', shapes })
  for (const { fields } of [...advice.recommendations, ...advice.rejected])
    expect(fields).toEqual([...new Set(fields)])
  const lines = new Map<string, string[]>()
  for (const each of advice.recommendations)
    lines.set(each.model, [...(lines.get(each.model) ?? []), each.prisma])
  return {
    sets: advice.recommendations
      .map((each) => `${back(each.model)} ${each.fields.map(back).sort(alphabetically).join()}`)
      .sort(alphabetically),
    lines,
  }
}

const alphabetically = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

test('KN10 idempotent: what was written is not advised on again', async () => {
  let written = 0
  await forSeeds(60, async (random) => {
    const world = worldOf(randomPlan(random))
    const { lines, sets } = await adviseOnWorld(world)
    written += sets.length
    const models = world.models.map((model) => ({
      ...model,
      lines: [...model.lines, ...(lines.get(model.name) ?? [])],
    }))
    expect((await adviseOnWorld({ ...world, models })).sets).toEqual([])
  })
  expect(written).toBeGreaterThan(60)
}, 120_000)

test('KN10 monotone: one index more asks for no column beside those that were asked for', async () => {
  await forSeeds(60, async (random) => {
    const plan = randomPlan(random)
    const model = random.pick(['One', 'Two'])
    const extra = [...new Set([random.pick(FIELDS), random.pick(FIELDS)])]
    const before = await adviseOnWorld(worldOf(plan))
    const indexes = { ...plan.indexes, [model]: unique([...(plan.indexes[model] ?? []), extra]) }
    const after = await adviseOnWorld(worldOf({ ...plan, indexes }))
    for (const each of after.sets) {
      const [of, columns] = each.split(' ') as [string, string]
      // What an index served beside others may be left for a shorter one.
      const isAsked = before.sets.some((other) => {
        const [name, held] = other.split(' ') as [string, string]
        return name === of && columns.split(',').every((column) => held.split(',').includes(column))
      })
      expect([each, before.sets, isAsked]).toEqual([each, before.sets, true])
    }
  })
}, 120_000)

test('KN10 stable under renaming and reordering', async () => {
  await forSeeds(60, async (random) => {
    const plan = randomPlan(random)
    const given = await adviseOnWorld(worldOf(plan))
    const others = new Map(
      ['One', 'Two', 'id', ...FIELDS].map((name, at) => [name, `${'zyxwvuts'.charAt(at)}${name}`]),
    )
    const backwards = new Map([...others].map(([name, other]) => [other, name]))
    const renamed = worldOf(plan, (name) => others.get(name) ?? name)
    expect((await adviseOnWorld(renamed, (name) => backwards.get(name) ?? name)).sets).toEqual(given.sets)
    const turned = worldOf({ ...plan, questions: [...plan.questions].reverse() })
    expect((await adviseOnWorld({ ...turned, models: [...turned.models].reverse() })).sets).toEqual(
      given.sets,
    )
  })
}, 120_000)
