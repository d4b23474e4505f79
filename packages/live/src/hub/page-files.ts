import { existsSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page, as the package's build has left it in `dist/page`. */
export class PageFiles {
  private constructor(private readonly directory: string) {}

  /** Null in a checkout that was never built: the hub then answers its API alone. */
  static find(): PageFiles | null {
    const directory = join(packageRoot(), 'dist/page')
    return existsSync(join(directory, 'index.html')) ? new PageFiles(directory) : null
  }

  /** Whether it has answered; other addresses are none of its own. */
  answer(pathname: string, response: ServerResponse): boolean {
    const name = pathname === '/' ? 'index.html' : /^\/((?:assets\/)?[\w.-]+\.\w+)$/.exec(pathname)?.[1]
    const type = name === undefined ? undefined : TYPES[extname(name)]
    if (name === undefined || type === undefined || name.includes('..')) return false
    let body: Buffer
    try {
      body = readFileSync(join(this.directory, name))
    } catch {
      return false
    }
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length }).end(body)
    return true
  }
}

/** Of this package, be it run from its sources or from its dist/. */
function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory)
    directory = dirname(directory)
  return directory
}
