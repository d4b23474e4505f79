import type { Field } from '../datamodel/field.ts'
import type { JoinTable, ReferentialAction, Relation } from '../datamodel/relation.ts'
import { argument, pathsOf, textOf } from './schema-attributes.ts'
import type { SchemaAttribute, SchemaMember } from './schema-syntax.ts'

/** A relation field as the schema writes it, before its other side is known. */
export interface RelationDraft {
  readonly field: string
  readonly target: string
  /** As written, or null. */
  readonly name: string | null
  readonly isList: boolean
  readonly isRequired: boolean
  readonly fields: readonly string[]
  readonly references: readonly string[]
  readonly onDelete: ReferentialAction | null
  readonly onUpdate: ReferentialAction | null
  readonly isIgnored: boolean
}

export interface RelationOwner {
  readonly model: {
    readonly name: string
    readonly dbSchema: string | null
    readonly fields: ReadonlyMap<string, Field>
  }
  readonly relations: readonly RelationDraft[]
}

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

/** A relation field with its other side, and with what the schema leaves to Prisma's defaults. */
export function relationOf(
  owner: RelationOwner,
  draft: RelationDraft,
  target: RelationOwner | undefined,
  provider: string,
): Relation {
  const back = target?.relations.find(
    (other) => other.target === owner.model.name && other.name === draft.name && other !== draft,
  )
  const name = draft.name ?? [owner.model.name, draft.target].sort().join('To')
  const holder = [draft, back].find((side) => side !== undefined && side.fields.length > 0)
  const joined =
    holder === undefined && draft.isList && back?.isList === true && target !== undefined
      ? joinTable(name, owner, draft, target, back)
      : null
  const holderFields = (holder === back ? target : owner)?.model.fields
  return {
    model: owner.model.name,
    field: draft.field,
    name,
    target: draft.target,
    isList: draft.isList,
    isRequired: draft.isRequired,
    fields: draft.fields,
    references: draft.references,
    backField: back?.field ?? null,
    onDelete:
      joined !== null
        ? 'Cascade'
        : (holder?.onDelete ?? defaultOnDelete(holder ?? draft, holderFields, provider)),
    onUpdate: joined !== null ? 'Cascade' : (holder?.onUpdate ?? 'Cascade'),
    manyToMany: joined,
    isIgnored: draft.isIgnored,
  }
}

/** Prisma's rule: a foreign key that can be null is set to null, any other holds the parent back. */
function defaultOnDelete(
  holder: RelationDraft,
  fields: ReadonlyMap<string, Field> | undefined,
  provider: string,
): ReferentialAction {
  const isRequired =
    holder.isRequired || holder.fields.some((field) => fields?.get(field)?.isRequired === true)
  if (!isRequired) return 'SetNull'
  return provider === 'sqlserver' || provider === 'mongodb' ? 'NoAction' : 'Restrict'
}

/** `_RelationName (A, B)`: A is the model, in a self relation the field, that comes first in the alphabet. */
function joinTable(
  name: string,
  owner: RelationOwner,
  draft: RelationDraft,
  target: RelationOwner,
  back: RelationDraft,
): JoinTable {
  const isA = target === owner ? draft.field < back.field : owner.model.name < draft.target
  return {
    table: `_${name}`,
    dbSchema: (isA ? owner : target).model.dbSchema,
    columns: isA ? { here: 'A', there: 'B' } : { here: 'B', there: 'A' },
  }
}
