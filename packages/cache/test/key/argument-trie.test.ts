import { canonicalizeWithout, type Call } from '@prisma-brisk/core'
import fc from 'fast-check'
import { prismaValue } from '../../../core/test/support/prisma-values.ts'
import { ArgumentTrie } from '../../src/key/argument-trie.ts'

const RUNS = Number(process.env.BRISK_SEEDS ?? 400)

const name = fc.constantFrom('a', 'b')
const names = fc.array(name, { maxLength: 2 })
const traits = fc.record({
  model: fc.option(name),
  operation: name,
  dataPath: names,
  notes: fc.record({ bound: fc.constantFrom(undefined, 1, 2) }),
  surroundings: fc.option(name),
  tags: names,
  models: fc.option(names),
})
const keys = fc.constantFrom('where', 'a', 'cacheStrategy')
/** Small pools, so that values meet that only look equal. */
const small = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<unknown>(0, 1, '1', 1n, true, null, undefined, 'where', 'a', new Date(1)),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 2 }),
  ),
})).value
const args = fc.dictionary(keys, fc.oneof(small, prismaValue), { maxKeys: 2 })
const fewArgs = fc.constantFrom({}, { where: { a: 1 } }, { where: { a: [1] } })

function placeOf(
  reads: ArgumentTrie<string>,
  given: unknown,
  asked: Partial<typeof traits extends fc.Arbitrary<infer T> ? T : never> = {},
) {
  const { surroundings = null, tags = [], models = null, ...rest } = asked
  const call = { model: 'User', operation: 'findMany', dataPath: [], notes: {}, ...rest, args: given }
  return reads.slotOf(call as unknown as Call, surroundings, tags, models)
}

describe('C1 the place of a read', () => {
  test('is one only for arguments that are equal, types included', () => {
    const reads = new ArgumentTrie<string>()
    let found = 0
    fc.assert(
      fc.property(args, (given) => {
        const place = placeOf(reads, given)
        if (place === null) return
        const text = canonicalizeWithout(given, 'cacheStrategy')
        if (place.content !== null) found++
        expect((place.content ??= text)).toBe(text)
      }),
      { numRuns: RUNS * 10 },
    )
    expect(found).toBeGreaterThan(RUNS)
  })

  test('never says of a read what was noted of another', () => {
    const reads = new ArgumentTrie<string>(500)
    const textOf = (asked: object, given: unknown) =>
      JSON.stringify(asked) + canonicalizeWithout(given, 'cacheStrategy')
    fc.assert(
      fc.property(fc.array(fc.tuple(traits, fewArgs), { minLength: 2, maxLength: 40 }), (asked) => {
        for (const [each, given] of asked) {
          const place = placeOf(reads, given, each)
          if (place === null) continue
          expect((place.content ??= textOf(each, given))).toBe(textOf(each, given))
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('is found again for a copy, whatever its strategy', () => {
    const reads = new ArgumentTrie<string>()
    const list = () => ({ where: { name: 'Ada', at: { gt: new Date(1) }, id: { in: [1, 2, 3n] } }, take: 5 })
    const place = placeOf(reads, list())
    expect(place).not.toBeNull()
    expect(placeOf(reads, { ...list(), cacheStrategy: { ttl: 1 } })).toBe(place)
    expect(placeOf(reads, { where: list().where, take: 6 })).not.toBe(place)
  })

  test('is denied to long, rare and endless arguments', () => {
    const reads = new ArgumentTrie<string>()
    const endless: Record<string, unknown> = {}
    endless['where'] = endless
    for (const given of [
      endless,
      { where: { id: { in: Array.from({ length: 65 }, (_, index) => index) } } },
      { where: { name: 'x'.repeat(257) } },
      { where: { at: new Date(NaN) } },
      { where: { id: -0 } },
      { where: { id: new Uint8Array(1) } },
      { where: { id: () => 1 } },
    ]) {
      expect(placeOf(reads, given)).toBeNull()
    }
  })

  test('is given up where there are too many', () => {
    const reads = new ArgumentTrie<string>(100)
    const place = placeOf(reads, { where: { id: 0 } })
    for (let id = 0; id < 200; id++) placeOf(reads, { where: { id } })
    expect(placeOf(reads, { where: { id: 0 } })).not.toBe(place)
  })
})
