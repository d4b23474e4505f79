import SchemaBuilder from '@pothos/core'
import {
  annotationsOf,
  tracesOf,
  workshops,
  type AnnotationRow,
  type Database,
  type TraceRow,
  type WorkshopRow,
} from './resolved-rows.ts'

/** The same schema, built in code. */
export function pothosSchema(database: Database) {
  const builder = new SchemaBuilder<{
    Objects: { Workshop: WorkshopRow; Trace: TraceRow; Annotation: AnnotationRow }
  }>({})
  builder.objectType('Annotation', {
    fields: (t) => ({
      id: t.exposeInt('id', { nullable: false }),
      rating: t.exposeInt('rating', { nullable: false }),
    }),
  })
  builder.objectType('Trace', {
    fields: (t) => ({
      id: t.exposeInt('id', { nullable: false }),
      name: t.exposeString('name', { nullable: false }),
      annotations: t.field({ type: ['Annotation'], resolve: ({ id }) => annotationsOf(database, id) }),
    }),
  })
  builder.objectType('Workshop', {
    fields: (t) => ({
      id: t.exposeInt('id', { nullable: false }),
      title: t.exposeString('title', { nullable: false }),
      traces: t.field({ type: ['Trace'], resolve: ({ id }) => tracesOf(database, id) }),
    }),
  })
  builder.queryType({
    fields: (t) => ({ workshops: t.field({ type: ['Workshop'], resolve: () => workshops(database) }) }),
  })
  return builder.toSchema()
}
