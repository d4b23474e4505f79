import type { Args, Field } from '@prisma-brisk/core'
import { ColumnCatalog, factOf } from '../key/column-facts.ts'
import { generatorOf } from './client-defaults.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { Row } from '../statement/key-selection.ts'
import { keyTypeOf, needsFact, type KeyType } from '../key/key-type.ts'
import type { MountState } from '../loader/mount-state.ts'

/** A member of a key, and how its values are compared. */
interface KeyPart {
  readonly field: Field
  readonly type: KeyType
  /** Makes the value where the calls give none. */
  readonly generate: (() => string) | null
}

/**
 * The unique key by which created rows are found again where the database does not return them: one that the calls give,
 * or that Prisma makes and we can make as well. An id that the database generates (autoincrement) is not one: no driver
 * reports which inserted row was given which generated id.
 */
export class CreateKey {
  private constructor(private readonly parts: readonly KeyPart[]) {}

  /** For the calls of a group, which give the same columns; null where there is none. */
  static async of(state: MountState, group: CallGroup): Promise<CreateKey | null> {
    const { model, first } = group
    const data = first.call.args['data'] as Args
    for (const key of [model.id, ...model.uniques]) {
      if (key === null) continue
      const fields = key.fields.map((name) => model.fields.get(name) as Field)
      const isKnown = (field: Field) => data[field.name] !== undefined || generatorOf(field) !== null
      if (!fields.every((field) => isKnown(field) && storesAsGiven.has(field.type))) continue
      const parts = await Promise.all(fields.map((field) => partOf(state, group, field)))
      if (parts.every((part) => part !== null)) return new CreateKey(parts)
    }
    return null
  }

  get fields(): readonly Field[] {
    return this.parts.map(({ field }) => field)
  }

  /** The data with all members of the key in it. */
  complete(data: Args): Args {
    const made = this.parts.flatMap(({ field: { name }, generate }) =>
      data[name] === undefined && generate !== null ? [[name, generate()] as const] : [],
    )
    return made.length === 0 ? data : { ...data, ...Object.fromEntries(made) }
  }

  /** Of the row to be: equal for all rows that the database may hold equal. Null where that is not certain. */
  fold(data: Args): string | null {
    return joined(this.parts.map(({ field, type }) => type.fold(data[field.name])))
  }

  foldRow(row: Row): string | null {
    return joined(this.parts.map(({ field, type }) => type.foldRow(row[field.name])))
  }

  /** Finds the rows that were made of `data`, and no others. */
  where(data: readonly Args[]): Args {
    const [only, ...others] = this.parts
    if (only !== undefined && others.length === 0)
      return { [only.field.name]: { in: data.map((each) => only.type.send(each[only.field.name])) } }
    return {
      OR: data.map((each) =>
        Object.fromEntries(this.parts.map(({ field: { name }, type }) => [name, type.send(each[name])])),
      ),
    }
  }
}

/** Types that are stored exactly as given; others may be rounded. */
const storesAsGiven = new Set(['Int', 'BigInt', 'String'])

async function partOf(state: MountState, { first, model }: CallGroup, field: Field): Promise<KeyPart | null> {
  const { host } = state
  const schema = host.schema()
  if (schema === null) return null
  const fact = needsFact(field, host.provider)
    ? factOf(await ColumnCatalog.of(host).load(first.call, schema), model, field)
    : null
  const type = keyTypeOf(field, host.provider, fact)
  return type === null ? null : { field, type, generate: generatorOf(field) }
}

/** Lengths tell where each member ends. */
function joined(folds: readonly (string | number | bigint | null)[]): string | null {
  return folds.includes(null) ? null : folds.map((fold) => `${String(fold).length}:${fold}`).join('')
}
