import type { ModelFields } from './calls/model-fields.ts'

/** Operations that read or write rows by conditions, `paginate` and `cursorPage` of @prisma-brisk/pagination included. */
export const OPERATIONS = [
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
  'paginate',
  'cursorPage',
] as const

export const RAW_OPERATIONS = [
  '$queryRaw',
  '$executeRaw',
  '$queryRawUnsafe',
  '$executeRawUnsafe',
  '$queryRawTyped',
] as const

/** Properties by which a type is known to be one of these, whatever it is called where it is used. */
export const MARKS = {
  model: '$briskModel',
  operation: '$briskOperation',
  raw: '$briskRaw',
  via: '$briskVia',
  opaque: '$briskOpaque',
} as const

/**
 * A declaration of the client that stands in for the generated one: every operation of every model, known by its
 * type, and none of the argument and result types. It is read in milliseconds where the generated one takes seconds
 * (and hundreds of MB on a schema of 500 models), and it is there even before `prisma generate` ran.
 */
export function clientDeclaration(
  fields: ModelFields,
  enums: ReadonlyMap<string, readonly string[]>,
): string {
  const models = [
    ...new Set([
      ...fields.catalog.tables.map((table) => table.model),
      ...fields.catalog.omitted.map((each) => each.model),
    ]),
  ]
  const out: string[] = [PRELUDE]
  for (const model of models) {
    const relations = fields.relationFields().filter((each) => each.model === model)
    const fluent = relations.map(
      ({ field, type, isList }) =>
        `  ${field}: BriskRelation<'${type}', '${isList ? 'findMany' : 'findUnique'}', ${type}BriskFluent, '${model}.${field}'>`,
    )
    out.push(`export interface ${model}BriskFluent extends Promise<any> {\n${fluent.join('\n')}\n}`)
    const operations = OPERATIONS.map((operation) => {
      const result = /^(find(Unique|First)|create$|update$|upsert$|delete$)/.test(operation)
        ? `${model}BriskFluent`
        : 'Promise<any>'
      return `  ${operation}: BriskOperation<'${model}', '${operation}', ${result}>`
    })
    out.push(
      `export interface ${model}BriskDelegate {\n${operations.join('\n')}\n  readonly fields: { readonly [field: string]: BriskOpaque }\n}`,
    )
    out.push(`export type ${model}Delegate<A = any, B = any, C = any> = ${model}BriskDelegate`)
    out.push(`export type ${model} = any`)
  }
  out.push(`export declare class PrismaClient<A = any, B = any, C = any, D = any> {`)
  for (const model of models)
    out.push(`  get ${model.charAt(0).toLowerCase()}${model.slice(1)}(): ${model}BriskDelegate`)
  out.push(CLIENT_MEMBERS)
  for (const [name, values] of enums) {
    const members = values.map((value) => `readonly ${value}: '${value}'`).join('; ')
    out.push(
      `export declare const ${name}: { ${members} }\nexport type ${name} = ${values.map((value) => `'${value}'`).join(' | ') || 'never'}`,
    )
  }
  out.push(
    `export declare const $Enums: { ${[...enums.keys()].map((name) => `${name}: typeof ${name}`).join('; ')} }`,
  )
  out.push(
    `export declare namespace $Enums { ${[...enums.keys()].map((name) => `export type ${name} = any`).join('; ')} }`,
  )
  out.push('export declare namespace Prisma {', NAMESPACE)
  // Named by projects that hand a delegate on: `Prisma.UserDelegate`.
  for (const model of models)
    out.push(`  export type ${model}Delegate<A = any, B = any, C = any> = ${model}BriskDelegate`)
  for (const model of models)
    for (const suffix of ARGUMENT_TYPES) out.push(`  export type ${model}${suffix} = BriskOpaque`)
  out.push('}', 'export default PrismaClient')
  return out.join('\n')
}

const PRELUDE = `
export interface BriskOperation<M extends string, O extends string, R> {
  (args?: any, ...rest: any[]): R
  readonly ${MARKS.model}: M
  readonly ${MARKS.operation}: O
}
export interface BriskRelation<M extends string, O extends string, R, V extends string> extends BriskOperation<M, O, R> {
  readonly ${MARKS.via}: V
}
export interface BriskRaw<O extends string> {
  <T = unknown>(query: any, ...values: any[]): Promise<any>
  readonly ${MARKS.raw}: O
}
export interface BriskOpaque { readonly ${MARKS.opaque}: true; [name: string]: any }
`

/** `any` where a type parameter would make the checker read whole function bodies to infer it. */
const CLIENT_MEMBERS = `
  constructor(options?: any)
  $transaction(queries: readonly any[], options?: any): Promise<any[]>
  $transaction(fn: (tx: PrismaClient) => any, options?: any): Promise<any>
  $extends(extension: any): this
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $on(...args: any[]): this
  $queryRaw: BriskRaw<'$queryRaw'>
  $executeRaw: BriskRaw<'$executeRaw'>
  $queryRawUnsafe: BriskRaw<'$queryRawUnsafe'>
  $executeRawUnsafe: BriskRaw<'$executeRawUnsafe'>
  $queryRawTyped: BriskRaw<'$queryRawTyped'>
  $primary(): this
  $replica(): this
}`

const NAMESPACE = `
  export type TransactionClient = PrismaClient
  export type DefaultPrismaClient = PrismaClient
  export type PrismaClientOptions = any
  export interface Sql { readonly $briskSql: true }
  export function sql(strings: TemplateStringsArray, ...values: any[]): Sql
  export function raw(text: string): Sql
  export function join(values: readonly any[], by?: string, before?: string, after?: string): Sql
  export const empty: Sql
  export function validator<T>(...args: any[]): <V>(value: V) => V
  export function defineExtension(extension: any): any
  export function getExtensionContext<T>(self: T): any
  export const skip: undefined
  export const DbNull: { readonly $briskNull: true }
  export const JsonNull: { readonly $briskNull: true }
  export const AnyNull: { readonly $briskNull: true }
  export const SortOrder: { readonly asc: 'asc'; readonly desc: 'desc' }
  export type SortOrder = 'asc' | 'desc'
  export const QueryMode: { readonly default: 'default'; readonly insensitive: 'insensitive' }
  export type QueryMode = 'default' | 'insensitive'
  export const NullsOrder: { readonly first: 'first'; readonly last: 'last' }
  export type NullsOrder = 'first' | 'last'
  export class Decimal { constructor(value: any); readonly $briskDecimal: true }
  export class PrismaClientKnownRequestError { code: string; meta: any; message: string }
  export class PrismaClientValidationError { message: string }
${['Int', 'String', 'DateTime', 'Bool', 'Float', 'Decimal', 'BigInt', 'Bytes', 'Json', 'Uuid', 'Enum']
  .flatMap((type) => [type, `${type}Nullable`])
  .flatMap((type) => [
    `  export type ${type}Filter<T = any> = BriskOpaque`,
    `  export type ${type}ListFilter<T = any> = BriskOpaque`,
  ])
  .join('\n')}`

const ARGUMENT_TYPES = [
  'WhereInput',
  'WhereUniqueInput',
  'ScalarWhereInput',
  'OrderByWithRelationInput',
  'OrderByWithAggregationInput',
  'FindManyArgs',
  'FindFirstArgs',
  'FindUniqueArgs',
  'CountArgs',
  'AggregateArgs',
  'GroupByArgs',
  'UpdateManyArgs',
  'DeleteManyArgs',
  'Select',
  'Include',
  'DefaultArgs',
]

/** `ITXClientDenyList` and the like, for projects that import the runtime's types. */
export const RUNTIME_DECLARATION = `
export type ITXClientDenyList = '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'
export type InternalArgs = any
export type DefaultArgs = any
export type DynamicClientExtensionThis<A = any, B = any, C = any> = any
export declare class Decimal { constructor(value: any); readonly $briskDecimal: true }
export declare class PrismaClientKnownRequestError { code: string; meta: any; message: string }
export type Types = any
export declare function sqltag(strings: TemplateStringsArray, ...values: any[]): any
`
