import type { Args, Field } from '@prisma-brisk/core'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { Fold } from '../key/key-type.ts'
import type { MountState } from '../loader/mount-state.ts'
import { mergeKeyOf } from '../statement/merge-key-of.ts'
import type { MergeKey, Row } from '../statement/merge-key.ts'
import { generatorOf } from './client-defaults.ts'

/**
 * The unique key by which created rows are found again where the database does not return them: one that the calls give,
 * or that Prisma generates and we can generate as well. An id that the database generates (autoincrement) is not one: no
 * driver reports which inserted row was given which generated id.
 */
export class CreateKey {
  private constructor(
    private readonly key: MergeKey,
    private readonly names: readonly string[],
    /** Generate the values that the calls do not give. */
    private readonly generators: ReadonlyMap<string, () => string>,
  ) {}

  /** For the calls of a group, which give the same columns; null where there is none. */
  static async of(state: MountState, group: CallGroup): Promise<CreateKey | null> {
    const { model, first } = group
    const data = first.call.args['data'] as Args
    for (const unique of [model.id, ...model.uniques]) {
      if (unique === null) continue
      const fields = unique.fields.map((name) => model.fields.get(name) as Field)
      const generators = new Map<string, () => string>()
      for (const field of fields) {
        const generator = data[field.name] === undefined ? generatorOf(field) : null
        if (generator !== null) generators.set(field.name, generator)
      }
      const isKnown = ({ name }: Field) => data[name] !== undefined || generators.has(name)
      if (!fields.every((field) => isKnown(field) && storesAsGiven.has(field.type))) continue
      const key = await mergeKeyOf(group, fields)
      if (key !== null) return new CreateKey(key, unique.fields, generators)
    }
    return null
  }

  get fields(): readonly Field[] {
    return this.key.fields
  }

  /** The data with all members of the key in it. */
  complete(data: Args): Args {
    const generated = Array.from(this.generators, ([name, generate]) => [name, generate()] as const)
    return generated.length === 0 ? data : { ...data, ...Object.fromEntries(generated) }
  }

  /** Of the row to be: equal for all rows that the database may hold equal. Null where that is not certain. */
  fold(data: Args): Fold | null {
    return this.key.fold(this.valueOf(data))
  }

  foldRow(row: Row): Fold | null {
    return this.key.foldRow(row)
  }

  /** Finds the rows that were made of `data`, and no others. */
  where(data: readonly Args[]): Args {
    return this.key.where(data.map((each) => this.valueOf(each)))
  }

  private valueOf(data: Args): unknown {
    const [only, ...others] = this.names as readonly [string]
    return others.length === 0 ? data[only] : this.names.map((name) => data[name])
  }
}

/** Types that are stored exactly as given; others may be rounded. */
const storesAsGiven = new Set(['Int', 'BigInt', 'String'])
