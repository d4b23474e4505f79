import { branchOf } from '../../src/pipeline/call-site.ts'

async function stackIn(work: () => Promise<string>): Promise<string> {
  return await work()
}

async function later(): Promise<string> {
  await Promise.resolve()
  return branchOf(new Error('here').stack ?? null)
}

test('calls of one member of Promise.all have one branch, those of another have another, and outer ones follow', async () => {
  expect(await later()).toBe('')
  expect(await Promise.all([later(), stackIn(later)])).toEqual(['0', '1'])
  const nested = await Promise.all([0, 1].map(async () => Promise.all([later(), later()])))
  expect(nested.flat().every((branch) => /^[01](\/[01])?$/.test(branch))).toBe(true)
  expect(
    branchOf(
      '    at f (/a.ts:1:1)\n    at async Promise.allSettled (index 12)\n    at async Promise.all (index 3)',
    ),
  ).toBe('12/3')
  expect(branchOf(null)).toBe('')
})
