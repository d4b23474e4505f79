import { fieldOf } from '../../candidate/candidate.ts'
import { isIndexable } from '../../candidate/index-need.ts'
import { tableOf, type Advised, type Rule } from '../../rule.ts'

export const optionalParameter: Rule = {
  name: 'optional-parameter',
  summary: 'A statement asks for a column only where a parameter is given.',
  why: `\`(owner = $1 OR $1 IS NULL)\` has one text for two questions. An index serves it only where the server plans for the
values sent: PostgreSQL does with the driver's unnamed statements, and not with \`plan_cache_mode = force_generic_plan\` or once a
prepared statement has a generic plan; SQLite never does, and reads the whole table. A statement for each question, put together
with \`Prisma.sql\` and \`Prisma.empty\`, is found by an index everywhere. The column is taken for one that only some calls ask
for, so it is no ground for an index of its own.`,
  silent: ['Calls of Prisma Client: a condition that is undefined is not sent.'],
  example: {
    given: `prisma.$queryRaw\`SELECT * FROM "Doc" WHERE ("ownerId" = \${owner} OR \${owner} IS NULL) ORDER BY "createdAt" LIMIT 20\``,
    then: 'a remark with the statement to write',
  },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { at, fingerprint, operation = 'A statement', weight } = shape.evidence
      if (table === undefined || weight === 0) return []
      const fields = shape.conditions
        .filter((each) => each.isSwitched === true)
        .filter((each) => isIndexable(table.columns.find((column) => column.name === each.column)))
        .map((each) => fieldOf(table, each.column))
      const [first] = fields
      if (first === undefined) return []
      const list = [...new Set(fields)].join(', ')
      return [
        {
          remark: {
            kind: 'optional-parameter',
            model: table.model,
            index: at ?? fingerprint ?? list,
            ...(at === undefined ? {} : { at }),
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} asks for ${list} only where a parameter is given: no plan that is made once for all values finds it by an index.`,
            change: `Prisma.sql\`… WHERE \${${first} == null ? Prisma.sql\`true\` : Prisma.sql\`"${first}" = \${${first}}\`}\``,
          },
        },
      ]
    })
    return { advice: [...new Map(advice.map((each) => [each.remark.reason, each])).values()] }
  },
}
