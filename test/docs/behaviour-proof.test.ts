import { readFileSync } from 'node:fs'
import { BEHAVIOUR_PROOF, behaviourProof } from '../../scripts/behaviour-proof.ts'

test('every behaviour is proved by a test whose title holds its id, as the proof page says; `npm run docs` writes it', async () => {
  const { text, unproved, unknown } = await behaviourProof()
  expect(unproved).toEqual([])
  expect(unknown).toEqual([])
  expect(readFileSync(BEHAVIOUR_PROOF, 'utf8')).toBe(text)
})
