import { createSchema } from 'graphql-yoga'
import {
  annotationsOf,
  tracesOf,
  workshops,
  type Database,
  type TraceRow,
  type WorkshopRow,
} from './resolved-rows.ts'

/** The schema as text, its resolvers beside it. */
export const schemaFirst = (database: Database) =>
  createSchema({
    typeDefs: /* GraphQL */ `
      type Annotation {
        id: Int!
        rating: Int!
      }
      type Trace {
        id: Int!
        name: String!
        annotations: [Annotation!]!
      }
      type Workshop {
        id: Int!
        title: String!
        traces: [Trace!]!
      }
      type Query {
        workshops: [Workshop!]!
      }
    `,
    resolvers: {
      Query: { workshops: () => workshops(database) },
      Workshop: { traces: ({ id }: WorkshopRow) => tracesOf(database, id) },
      Trace: { annotations: ({ id }: TraceRow) => annotationsOf(database, id) },
    },
  })
