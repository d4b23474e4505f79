import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Bench } from './harness.ts'

// As servers run: Prisma then looks for no call sites.
process.env['NODE_ENV'] = 'production'

/** `npm run bench -- <suite>… [--json] [--only part-of-a-name] [--write]`: runs suites one after another. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const known = readdirSync(new URL('suites/', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
const unknown = positionals.filter((suite) => !known.includes(suite))
if (unknown.length > 0 || positionals.length === 0) {
  console.error(
    `usage: npm run bench -- <suite>… [--json] [--only name] [--write]; suites: ${known.join(', ')}`,
  )
  process.exit(2)
}
const bench = new Bench(values.json, values.only ?? null, values.write)
for (const suite of positionals) {
  const { run } = (await import(`./suites/${suite}.ts`)) as { run: (bench: Bench) => Promise<void> }
  await run(bench)
}
process.exit(0)
