import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'

/** Links between documents; `npm run docs` builds the site, which takes too long for a test. */

const own = 'https://github.com/prisma-brisk/prisma-brisk/blob/main/'

test('every link between documents leads to a file', async () => {
  const listed = await run('git', ['ls-files', '-co', '--exclude-standard', '*.md'], ROOT)
  const files = listed.output
    .split('\n')
    .filter(
      (file) =>
        /^(README\.md|docs\/|packages\/[\w-]+\/README|examples\/)/.test(file) && existsSync(join(ROOT, file)),
    )
  const dead = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
    return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].flatMap(([, target = '']) => {
      const path = target.startsWith(own)
        ? join(ROOT, target.slice(own.length))
        : join(ROOT, dirname(file), target)
      return (/^[a-z]+:/.test(target) && !target.startsWith(own)) || existsSync(path)
        ? []
        : [`${file}: ${target}`]
    })
  })
  expect(files.length).toBeGreaterThan(10)
  expect(dead).toEqual([])
})

test('every page of the menus is there', () => {
  const menus = ['docs/.vitepress/config.ts', 'docs/index.md']
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('')
  const links = [...menus.matchAll(/link: '?(\/[\w/-]+)/g)].map(([, link]) => link as string)
  expect(links.length).toBeGreaterThan(15)
  const written = (link: string) => existsSync(join(ROOT, `docs${link.replace(/\/$/, '/index')}.md`))
  expect(links.filter((link) => !written(link))).toEqual([])
})
