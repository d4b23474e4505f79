import { loadSchemaModel } from '@prisma-brisk/core'
import { wideSchema } from './wide-schema.ts'

/** Prints the milliseconds of the first load of a schema model of as many models as asked, in this process. */
const text = wideSchema(Number(process.argv[2]))
const startedAt = performance.now()
const model = loadSchemaModel({ inlineSchema: text, warn: console.error })
const ms = performance.now() - startedAt
if (model?.models.size !== Number(process.argv[2])) throw new Error('the schema did not parse')
console.log(ms)
