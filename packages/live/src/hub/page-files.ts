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

  /** Whether it has a file of that address. Its files hold nothing of what was reported. */
  has(pathname: string): boolean {
    const name = fileOf(pathname)
    return name !== null && existsSync(join(this.directory, name))
  }

  /** Whether it has answered; other addresses are none of its own. */
  answer(pathname: string, response: ServerResponse): boolean {
    const name = fileOf(pathname)
    if (name === null) return false
    let body: Buffer
    try {
      body = readFileSync(join(this.directory, name))
    } catch {
      return false
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(name)], 'Content-Length': body.length }).end(body)
    return true
  }
}

function fileOf(pathname: string): string | null {
  const name = pathname === '/' ? 'index.html' : /^\/((?:assets\/)?[\w.-]+\.\w+)$/.exec(pathname)?.[1]
  return name === undefined || name.includes('..') || TYPES[extname(name)] === undefined ? null : name
}

/** Of this package, be it run from its sources or from its dist/. */
function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory)
    directory = dirname(directory)
  return directory
}
