import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@prisma-brisk/index-advisor/cli'
import { advisorCommands } from '../src/cli/advisor-commands.ts'
import { runBrisk } from '../src/cli/command.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'brisk-command-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

async function brisk(...argv: string[]) {
  let [output, errors] = ['', '']
  const code = await runBrisk(argv, {
    cwd,
    stdout: (text) => void (output += text),
    stderr: (text) => void (errors += text),
  })
  return { code, output, errors }
}

test('lists the commands of the advisor and init', async () => {
  const { code, output } = await brisk('--help')
  expect(code).toBe(0)
  for (const command of ['init', 'advise', 'explain', 'statistics', 'verify'])
    expect(output).toContain(command)
})

test('a command of the advisor is run by the advisor, its help included', async () => {
  const { code, output } = await brisk('advise', '--help')
  expect(code).toBe(0)
  expect(output).toContain('Usage: brisk advise')
  expect(await brisk('help', 'verify')).toMatchObject({
    output: expect.stringContaining('Usage: brisk verify'),
  })
})

test('KN1 the list of the advisor’s commands is the advisor’s own', async () => {
  let help = ''
  await run(['--help'], { stdout: (text) => void (help += text) })
  const own = [...help.matchAll(/^ {2}(\w+)[^\n]* {2}(\S[^\n]*(?:\n {10,}\S[^\n]*)*)/gm)]
    .map(([, name, description]) => [name, description?.replaceAll(/\s+/g, ' ')])
    .filter(([name]) => name !== 'help')
  expect(own).toEqual(advisorCommands)
})

test('init --yes sets a project up', async () => {
  mkdirSync(join(cwd, 'prisma'))
  writeFileSync(
    join(cwd, 'prisma/schema.prisma'),
    'generator client {\n  provider = "prisma-client"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n',
  )
  writeFileSync(join(cwd, 'db.ts'), `export const db = new PrismaClient({ adapter })\n`)
  expect(await brisk('init', '--yes')).toMatchObject({ code: 0, errors: '' })
  expect(readFileSync(join(cwd, 'db.ts'), 'utf8')).toContain(
    'new PrismaClient({ adapter }).$extends(brisk({ pagination: {',
  )
})

test('init says in one line what is in the way, with exit code 2', async () => {
  expect(await brisk('init', '--yes')).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^brisk: No Prisma schema found[^\n]*\n$/),
  })
  writeFileSync(join(cwd, 'schema.prisma'), 'generator client {\n  provider = "prisma-client"\n}\n')
  expect(await brisk('init', '--yes')).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^brisk: No `new PrismaClient[^\n]*\n$/),
  })
  expect(await brisk('init', '--unheard')).toMatchObject({ code: 2 })
})
