import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** The client that the resolvers share. */
export const extended = (client: PrismaClient) => client.$extends(brisk({ slowQuery: false }))
export type Database = ReturnType<typeof extended>

export interface WorkshopRow {
  id: number
  title: string
}
export interface TraceRow {
  id: number
  name: string
}
export interface AnnotationRow {
  id: number
  rating: number
}

/**
 * Each resolver asks for its own rows, as if it were alone. There is no DataLoader here, and no look-ahead: what is asked
 * in one tick becomes one statement on the way to the database.
 */
export const workshops = (database: Database): Promise<WorkshopRow[]> =>
  database.workshop.findMany({ select: { id: true, title: true }, orderBy: { id: 'asc' } })

export const tracesOf = (database: Database, workshopId: number): Promise<TraceRow[]> =>
  database.trace.findMany({ where: { workshopId }, select: { id: true, name: true }, orderBy: { id: 'asc' } })

export const annotationsOf = (database: Database, traceId: number): Promise<AnnotationRow[]> =>
  database.annotation.findMany({
    where: { traceId },
    select: { id: true, rating: true },
    orderBy: { id: 'asc' },
  })
