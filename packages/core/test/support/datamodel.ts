import { getDMMF } from '@prisma/internals'

export type Datamodel = Awaited<ReturnType<typeof getDMMF>>

/** What Prisma itself makes of a schema text: the oracle for everything it tells. */
export async function datamodelOf(text: string): Promise<Datamodel> {
  return getDMMF({ datamodel: text })
}
