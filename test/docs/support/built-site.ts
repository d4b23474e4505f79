import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { run } from '../../../scripts/program.ts'
import { binary, ROOT } from '../../../scripts/workspace.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** The documentation as its readers get it: built by VitePress into a directory of this run and served from there. */
export class BuiltSite {
  private constructor(
    readonly origin: string,
    /** Paths of all pages but the one for what is not found. */
    readonly pages: readonly string[],
    private readonly server: Server,
    private readonly directory: string,
  ) {}

  static async build(): Promise<BuiltSite> {
    const directory = join(ROOT, `.brisk/site-${process.pid}`)
    const command = [binary('vitepress'), 'build', 'docs', '--outDir', directory]
    const { code, output } = await run(process.execPath, command, ROOT)
    if (code !== 0) throw new Error(`VitePress could not build the site: ${output}`)
    const pages = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.html') && file !== '404.html')
      .map((file) => `/${file}`)
      .sort()
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      try {
        const content = readFileSync(join(directory, decodeURIComponent(pathname)))
        response.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'application/octet-stream' })
        response.end(content)
      } catch {
        response.writeHead(404).end()
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return new BuiltSite(`http://127.0.0.1:${port}`, pages, server, directory)
  }

  /** The HTML of a page. */
  read(page: string): string {
    return readFileSync(join(this.directory, page), 'utf8')
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
    rmSync(this.directory, { recursive: true, force: true })
  }
}
