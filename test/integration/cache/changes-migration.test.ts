import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBrisk } from '../../../packages/prisma-brisk/src/cli/command.ts'
import { prismaDiff } from '../index-advisor/support/static-engine.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'brisk-changes-'))
  mkdirSync(join(cwd, 'prisma'))
  writeFileSync(join(cwd, 'package.json'), '{}')
  cpSync('prisma/schema.prisma', join(cwd, 'prisma/schema.prisma'))
  cpSync('prisma/migrations', join(cwd, 'prisma/migrations'), { recursive: true })
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

const migrations = () =>
  readdirSync(join(cwd, 'prisma/migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => ({
      name,
      sql: readFileSync(join(cwd, 'prisma/migrations', name, 'migration.sql'), 'utf8'),
    }))

test('Prisma’s engine plays what is written, and finds nothing that the schema does not say', async () => {
  const schema = [{ path: 'schema.prisma', text: readFileSync('prisma/schema.prisma', 'utf8') }]
  const difference = () => prismaDiff('postgresql', migrations(), schema)
  for (const words of [
    ['install', '--yes'],
    ['install', '--yes', '--partitions'],
    ['install', '--yes', '--replication'],
    ['install', '--yes', '--replication', '--full-rows'],
    ['uninstall', '--yes', '--replication'],
    ['uninstall', '--yes'],
  ])
    expect(await brisk('changes', ...words)).toMatchObject({ code: 0, errors: '' })
  const names = migrations().map(({ name }) => name)
  expect(names.map((name) => name.replace(/^\d+_/, ''))).toEqual([
    'init',
    'brisk_changes_install',
    'brisk_changes_install',
    'brisk_replication_install',
    'brisk_replication_install',
    'brisk_replication_uninstall',
    'brisk_changes_uninstall',
  ])
  expect(new Set(names).size).toBe(names.length)
  expect(await difference()).toBe('')
})

test('what is there is not written again, and what is not asked for is not written', async () => {
  expect(await brisk('changes', 'uninstall', '--yes')).toMatchObject({
    code: 0,
    output: 'Already set up, nothing to do.\n',
  })
  const asked = await brisk('changes', 'install')
  expect(asked).toMatchObject({ code: 1, output: expect.stringContaining('Pass --yes to write') })
  expect(migrations()).toHaveLength(1)
  await brisk('changes', 'install', '--yes')
  expect(await brisk('changes', 'install', '--yes')).toMatchObject({
    code: 0,
    output: 'Already set up, nothing to do.\n',
  })
  expect(migrations()).toHaveLength(2)
  // A table that is made anew has no triggers.
  const anew = join(cwd, 'prisma/migrations/29990101000000_anew')
  mkdirSync(anew)
  writeFileSync(join(anew, 'migration.sql'), 'DROP TABLE "Tag"; CREATE TABLE "Tag" (id int PRIMARY KEY);')
  expect(await brisk('changes', 'install', '--yes')).toMatchObject({ code: 0 })
  expect(migrations()).toHaveLength(4)
  // A model more is a migration more.
  const path = join(cwd, 'prisma/schema.prisma')
  writeFileSync(path, `${readFileSync(path, 'utf8')}\nmodel Added {\n  id Int @id\n}\n`)
  await brisk('changes', 'install', '--yes')
  expect(migrations().at(-1)?.sql).toContain('brisk_changes_Added')
})

test('--sql prints it, for projects that keep no migrations', async () => {
  rmSync(join(cwd, 'prisma/migrations'), { recursive: true })
  expect(await brisk('changes', 'install', '--yes')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('--sql'),
  })
  const { output } = await brisk('changes', 'install', '--sql', '--models', 'Tag, Conversation')
  expect(output.match(/CREATE OR REPLACE FUNCTION "(\w+)"/g)).toEqual([
    'CREATE OR REPLACE FUNCTION "brisk_changes_Conversation"',
    'CREATE OR REPLACE FUNCTION "brisk_changes__ConversationToTag"',
    'CREATE OR REPLACE FUNCTION "brisk_changes_Tag"',
    'CREATE OR REPLACE FUNCTION "brisk_changes__ExerciseToTag"',
  ])
})

test.each([
  [
    'another database',
    ['--schema', 'other.prisma'],
    'Triggers and publications that tell of changes are made on PostgreSQL; the datasource of this schema is mysql',
  ],
  ['a model that does not exist', ['--models', 'Tga'], 'Did you mean Tag?'],
  ['an option that does nothing', ['--full-rows'], '--full-rows is an option of --replication'],
  ['a channel that PostgreSQL refuses', ['--channel', 'x'.repeat(64)], 'a name of 1 to 50 bytes'],
  ['a schema that does not exist', ['--schema', 'none.prisma'], 'No Prisma schema at none.prisma'],
])('%s is refused, and nothing is written', async (_, words, message) => {
  writeFileSync(join(cwd, 'other.prisma'), 'datasource db {\n  provider = "mysql"\n}\n')
  expect(await brisk('changes', 'install', '--yes', ...words)).toMatchObject({
    code: 2,
    errors: expect.stringContaining(message),
  })
  expect(migrations()).toHaveLength(1)
})
