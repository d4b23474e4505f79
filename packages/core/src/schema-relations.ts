import type { Field } from './field.ts'
import type { RelationDraft } from './relation-pairs.ts'
import type { ReferentialAction } from './relation.ts'
import { argument, pathsOf, textOf } from './schema-attributes.ts'
import type { SchemaAttribute, SchemaMember } from './schema-syntax.ts'

/** What `@relation(…)` says of a relation field. */
export function relationDraftOf(member: SchemaMember, field: Field): RelationDraft {
  const attribute = member.attributes.find(({ name }) => name === 'relation')
  return {
    field: field.name,
    target: field.type,
    name: textOf(attribute === undefined ? undefined : argument(attribute, 'name', 0)),
    isList: field.isList,
    isRequired: field.isRequired,
    fields: pathsOf(attribute === undefined ? undefined : argument(attribute, 'fields')),
    references: pathsOf(attribute === undefined ? undefined : argument(attribute, 'references')),
    onDelete: actionOf(attribute, 'onDelete'),
    onUpdate: actionOf(attribute, 'onUpdate'),
    isIgnored: field.isIgnored,
  }
}

function actionOf(attribute: SchemaAttribute | undefined, name: string): ReferentialAction | null {
  const value = attribute === undefined ? undefined : argument(attribute, name)
  return value?.kind === 'path' ? (value.text as ReferentialAction) : null
}
