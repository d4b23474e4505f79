import { readFileSync, writeFileSync } from 'node:fs'
import { rules } from '../../src/rules/index.ts'
import { ruleReference } from '../../src/rules/rule-reference.ts'

const PAGE = new URL('../../../../docs/guide/index-rules.md', import.meta.url)

test('the rule reference is what the rules say (UPDATE_DOCS=1 writes it)', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, ruleReference())
  expect(readFileSync(PAGE, 'utf8')).toBe(ruleReference())
})

test('every rule has a name of its own, a reason and an example', () => {
  expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length)
  for (const { name, summary, why, silent, example } of rules) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    for (const text of [summary, why, example.given, example.then, ...silent])
      expect(text.trim()).not.toBe('')
  }
})
