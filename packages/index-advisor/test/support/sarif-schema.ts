import { createRequire } from 'node:module'

/** As much of Ajv as is needed; the schema is of draft 4, which Ajv reads up to version 6: that of the package. */
interface Ajv {
  addMetaSchema(schema: unknown): void
  compile(schema: unknown): ((value: unknown) => boolean) & {
    readonly errors?: readonly { readonly dataPath: string; readonly message?: string }[] | null
  }
}

let validate: ReturnType<Ajv['compile']> | undefined

/** What the published schema of SARIF 2.1.0 has against the log, a line each. */
export function sarifErrors(log: unknown): string[] {
  if (validate === undefined) {
    const require = createRequire(import.meta.url)
    const requireThere = createRequire(
      require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
    )
    const AjvOfPackage = requireThere('ajv') as new (options: object) => Ajv
    const ajv = new AjvOfPackage({ schemaId: 'auto', meta: false, allErrors: true })
    ajv.addMetaSchema(requireThere('ajv/lib/refs/json-schema-draft-04.json'))
    validate = ajv.compile(require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'))
  }
  if (validate(log)) return []
  return (validate.errors ?? []).map((each) => `${each.dataPath} ${each.message ?? ''}`)
}
