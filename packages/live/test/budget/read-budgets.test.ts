import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBudgets } from '../../src/budget/read-budgets.ts'

/** Where a project says its budgets. */

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brisk budgets '))
})
afterEach(() => rmSync(directory, { recursive: true }))

const put = (name: string, text: string): void => writeFileSync(join(directory, name), text)
const budgets = (rule: string): string => `{ "budgets": { "rules": { "cost": "${rule}" } } }`

test('without any file all is as by default', async () => {
  expect(await readBudgets(directory)).toMatchObject({
    recording: 'brisk-queries.json',
    statistics: null,
    rows: 10_000,
    factor: 2,
    more: 0,
    levels: { 'n-plus-one': 'fail', 'more-statements': 'fail', 'sequential-scan': 'fail', cost: 'warn' },
  })
  put('package.json', '{ "name": "app" }')
  expect((await readBudgets(directory)).levels.cost).toBe('warn')
})

test('package.json, brisk.config.json, .mjs and .ts say them, the last one first', async () => {
  const level = async (): Promise<string> => (await readBudgets(directory)).levels.cost
  put('package.json', `{ "brisk": ${budgets('off')} }`)
  expect(await level()).toBe('off')
  put('brisk.config.json', budgets('fail'))
  expect(await level()).toBe('fail')
  put('brisk.config.mjs', `export default ${budgets('off')}`)
  expect(await level()).toBe('off')
})

test('what cannot be read is told of by its name', async () => {
  const failing = expect.objectContaining({ code: 'E_BUDGET_CONFIG' }) as Error
  put('brisk.config.json', '{')
  await expect(readBudgets(directory)).rejects.toThrow(failing)
  put('brisk.config.mjs', 'export const budgets = {}')
  await expect(readBudgets(directory)).rejects.toThrow(
    'brisk.config.mjs: its default export: expected an object',
  )
})
