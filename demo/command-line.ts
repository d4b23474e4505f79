import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** A PostgreSQL server to run on, in a database of the demo's own. Null: PGlite in a temporary directory. */
  databaseUrl: string | null
  /** Print one JSON object instead of tables. */
  json: boolean
  /** Size of the seed; 1 is about 328,000 rows. */
  factor: number
}

const USAGE = `usage: npm run demo -- [--database-url postgresql://…] [--factor 1] [--json]

  --database-url  run on this server, in a database made for the demo and dropped afterwards;
                  without it the demo runs PGlite, PostgreSQL in WASM, in a temporary directory
  --factor        size of the data: 1 (default) is about 328,000 rows
  --json          print the results as one JSON object`

/** Reads the arguments, or says how to use them and ends the process. */
export function readCommandLine(argv: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        'database-url': { type: 'string' },
        factor: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const factor = Number(values.factor)
    if (!(factor > 0 && factor <= 20)) throw new TypeError('--factor must be a number above 0, up to 20')
    const url = values['database-url']
    if (url !== undefined && !/^postgres(ql)?:\/\/./.test(url))
      throw new TypeError('--database-url must be a postgresql:// URL')
    return { databaseUrl: url ?? null, json: values.json, factor }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exit(2)
  }
}
