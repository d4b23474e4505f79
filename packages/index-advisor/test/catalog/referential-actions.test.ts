import { adviceOn } from '../support/small-project.ts'

/** What Prisma does where the schema does not say. */

const reasonsFor = async (fields: string, relation: string) => {
  const models = `
model Parent {
  id   Int     @id
  k    Int
  rows Child[]
  @@unique([id, k])
}
model Child {
  id     Int     @id
  ${fields}
  parent ${relation}
}`
  const { run } = await adviceOn({ models })
  return run.advice.recommendations.map((each) => each.reason).join('\n')
}
const one = '@relation(fields: [a], references: [id])'
const two = '@relation(fields: [a, b], references: [id, k])'

test.each([
  ['an optional relation by an optional key', 'a Int?', `Parent? ${one}`, true],
  ['an optional relation by a required key', 'a Int', `Parent? ${one}`, false],
  ['a required relation', 'a Int', `Parent ${one}`, false],
  ['one of two columns is required', 'a Int?\n  b Int', `Parent? ${two}`, false],
  ['both are optional', 'a Int?\n  b Int?', `Parent? ${two}`, true],
])('FL-D2 %s', async (_, fields, relation, isSetNull) => {
  const reasons = await reasonsFor(fields, relation)
  expect(reasons).toContain('Parent')
  expect(reasons.includes('onDelete: SetNull')).toBe(isSetNull)
})
