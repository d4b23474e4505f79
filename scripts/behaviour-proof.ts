// docs/behaviour/proof.md: for each id of the behaviour lists the tests that prove it, read from the titles of the tests.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { format, resolveConfig } from 'prettier'
import ts from 'typescript'

import { ROOT } from './workspace.ts'

export const BEHAVIOUR_PROOF = join(ROOT, 'docs/behaviour/proof.md')

const LISTS = ['batching', 'cache', 'pagination', 'slow-query', 'index-advisor']
/** Each folder in it is a case whose test is named after it when it runs. */
const CORPUS = 'packages/index-advisor/test/corpus'
const SOURCE = 'https://github.com/prisma-brisk/prisma-brisk/blob/main/'

export interface BehaviourProof {
  /** The document, formatted as it is committed. */
  readonly text: string
  /** Ids that stand in no title. */
  readonly unproved: readonly string[]
  /** Ids that stand in a title and in no list, with the file of the title. */
  readonly unknown: readonly string[]
}

export async function behaviourProof(): Promise<BehaviourProof> {
  const proofs = proofsByBehaviour()
  const lists = LISTS.map((list) => behavioursOf(list))
  const known = new Map(lists.flatMap(({ behaviours }) => behaviours))
  const lines = [
    '# What is proved, by which test',
    '',
    '<!-- Written by scripts/behaviour-proof.ts from the lists and the titles of the tests; edit them instead. -->',
    '',
    `The ${known.size} behaviours of the [lists](./index.md), and the files of the tests whose titles hold their ids. A test`,
    'fails where an id stands in no title, or a title has an id that stands in no list.',
    '',
    ...lists.flatMap(({ title, behaviours }) => [
      `## ${title}`,
      '',
      '| id | behaviour | proved by |',
      '| --- | --- | --- |',
      ...behaviours.map(([id, behaviour]) => `| ${id} | ${behaviour} | ${referencesTo(proofs.get(id))} |`),
      '',
    ]),
    ...[...new Set([...proofs.values()].flatMap((files) => [...files]))]
      .sort()
      .map((file) => `[${nameOf(file)}]: ${SOURCE}${file}`),
  ]
  return {
    text: await format(lines.join('\n'), { ...(await resolveConfig(BEHAVIOUR_PROOF)), parser: 'markdown' }),
    unproved: [...known.keys()].filter((id) => !proofs.has(id)),
    unknown: [...proofs].flatMap(([id, files]) =>
      known.has(id) ? [] : [`${id} in ${[...files].join(', ')}`],
    ),
  }
}

/** The rows of one list: its heading, and the id and the short name of each behaviour. */
function behavioursOf(list: string): { title: string; behaviours: (readonly [string, string])[] } {
  const text = readFileSync(join(ROOT, `docs/behaviour/${list}.md`), 'utf8')
  const rows = text.matchAll(/^\| ([BCPSRX]\d+) +\| (.*?) +\|/gm)
  const subject = /^# Behaviour of (?:the )?(.*)$/m.exec(text)?.[1] ?? list
  return {
    title: `[${subject.charAt(0).toUpperCase()}${subject.slice(1)}](./${list}.md)`,
    behaviours: [...rows].map(([, id = '', behaviour = '']) => [id, behaviour] as const),
  }
}

function referencesTo(files: ReadonlySet<string> | undefined): string {
  return [...(files ?? [])]
    .map((file) => `[${nameOf(file)}]`)
    .sort()
    .join('<br>')
}

/** Without what every file of tests has in its path: `cache/races`, `packages/batching/key/text-fold`. */
function nameOf(file: string): string {
  return file
    .replace(/^test\/(integration\/)?/, '')
    .replace(/^(packages\/[\w-]+)\/test\//, '$1/')
    .replace(/\.test\.ts$/, '')
}

/** The files of the tests by the ids that stand in their titles. */
function proofsByBehaviour(): Map<string, Set<string>> {
  const proofs = new Map<string, Set<string>>()
  const add = (title: string, file: string) => {
    for (const [id] of title.matchAll(/(?<![\w-])[BCPSRX]\d{1,2}\b/g))
      proofs.set(id, (proofs.get(id) ?? new Set()).add(file))
  }
  for (const file of testFiles()) for (const title of titlesOf(file)) add(title, file)
  for (const name of readdirSync(join(ROOT, CORPUS))) add(name, CORPUS)
  return proofs
}

/** With slashes, relative to the repository: those under test/ and in the test folder of each package. */
function testFiles(): string[] {
  const packages = readdirSync(join(ROOT, 'packages'))
    .map((name) => `packages/${name}/test`)
    .filter((folder) => existsSync(join(ROOT, folder)))
  return ['test', ...packages].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `${folder}/${file.replaceAll(sep, '/')}`),
  )
}

/** What stands first in each call of `test`, `it`, `describe` and their `.each`. */
function titlesOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  if (!/(?<![\w-])[BCPSRX]\d{1,2}\b/.test(text)) return []
  const source = ts.createSourceFile(basename(file), text, ts.ScriptTarget.ESNext, true)
  const titles: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) && /^(test|it|describe)\b/.test(node.expression.getText(source))) {
      const [title] = node.arguments
      if (title !== undefined && !ts.isArrayLiteralExpression(title)) titles.push(title.getText(source))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return titles
}
