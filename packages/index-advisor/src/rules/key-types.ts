import { fieldOf } from '../candidate/candidate.ts'
import type { CatalogColumn, Provider } from '../catalog/catalog.ts'
import type { Advised, Rule } from '../rule.ts'

export const keyTypes: Rule = {
  name: 'key-types',
  summary: 'A foreign key has another type than the column it refers to.',
  why: `A join of two types converts one of them for each row, and may then use no index of it; a narrower key cannot hold all that it
shall refer to, and runs out first. MySQL refuses such a foreign key, unless \`relationMode = "prisma"\` makes none.`,
  silent: [
    'The same native type, whatever its length; on PostgreSQL `Text` and `VarChar`, which are compared without conversion.',
    'SQLite, whose columns have no such types.',
  ],
  example: {
    given: `id String @id @db.Uuid, and authorId String @db.VarChar(36)`,
    then: 'a remark with the type to give',
  },
  apply({ catalog }) {
    if (catalog.provider === 'sqlite') return {}
    const advice = catalog.tables.flatMap((table) =>
      table.foreignKeys.flatMap((key) => {
        const target = catalog.tables.find((each) => each.model === key.referencedModel)
        return key.columns.flatMap((name, at): Advised[] => {
          const own = table.columns.find((each) => each.name === name)
          const other = target?.columns.find((each) => each.name === key.referencedColumns[at])
          if (own === undefined || other === undefined || target === undefined) return []
          const [mine, theirs] = [own, other].map((each) => typeOf(each, catalog.provider))
          if (mine === theirs) return []
          const field = fieldOf(table, name)
          return [
            {
              remark: {
                kind: 'key-types',
                model: table.model,
                index: field,
                reason: `${table.model}.${field} is of the type ${mine}, ${target.model}.${other.field}, which it refers to, of ${theirs}: a join converts one of them for each row.`,
                change: `${field} ${own.type}${own.isNullable ? '?' : ''} ${other.nativeType === null ? '(without @db)' : `@db.${theirs}`}`,
              },
            },
          ]
        })
      }),
    )
    return { advice }
  },
}

const DEFAULTS: Readonly<Record<'postgresql' | 'mysql', Readonly<Record<string, string>>>> = {
  postgresql: { String: 'Text', Int: 'Integer', BigInt: 'BigInt', DateTime: 'Timestamp', Decimal: 'Decimal' },
  mysql: { String: 'VarChar', Int: 'Int', BigInt: 'BigInt', DateTime: 'DateTime', Decimal: 'Decimal' },
}

function typeOf({ type, nativeType }: CatalogColumn, provider: Provider): string {
  if (provider === 'sqlite') return type
  const name = nativeType?.name ?? DEFAULTS[provider][type] ?? type
  return provider === 'postgresql' && name === 'VarChar' ? 'Text' : name
}
