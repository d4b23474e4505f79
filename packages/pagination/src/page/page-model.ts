import type { Args } from '@prisma-brisk/core'

/** A model of the extended client, as a page method finds it in `this`: its reads run all extensions. */
export interface PageModel {
  readonly $name?: string
  readonly name?: string
  findMany(args: Args): Promise<unknown[]>
  count(args: Args): Promise<number>
  groupBy(args: Args): Promise<unknown[]>
}

/** The model's name as in the schema. */
export function modelNameOf(model: PageModel): string {
  return model.$name ?? model.name ?? ''
}
