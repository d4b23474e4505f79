import { loadSchemaModel, readModels, writtenModels } from '@prisma-brisk/core'
import { wideSchema } from './wide-schema.ts'

/**
 * Prints the milliseconds that a fresh process pays for the schema model of as many models as asked: `first-use`, up to
 * the first read with relations and the first write answered; `whole`, until every model is parsed.
 */
const [, , models, extent] = process.argv
const text = wideSchema(Number(models))
const startedAt = performance.now()
const schema = loadSchemaModel({ inlineSchema: text, warn: console.error })
if (schema === null) throw new Error('the schema did not parse')
if (extent === 'whole') {
  if ([...schema.models.values()].length !== Number(models)) throw new Error('models are missing')
} else {
  const read = readModels(schema, 'Model7', 'findMany', {
    where: { head: { title: 'x' } },
    include: { children: true, head: { include: { members3: true } } },
  })
  const written = writtenModels(schema, 'Model7', 'update', { where: { id: 1 }, data: { title: 'x' } })
  if (read === '*' || read.size !== 3 || written === '*' || written.size !== 1)
    throw new Error('wrong models')
}
console.log(performance.now() - startedAt)
