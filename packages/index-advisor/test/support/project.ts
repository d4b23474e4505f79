import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../../src/cli/run.ts'

/** A Prisma project in a directory of its own, and the command run in it. */
export class TestProject {
  readonly cwd = mkdtempSync(join(tmpdir(), 'brisk-advisor-'))

  constructor(files: Record<string, string>) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.cwd, path)), { recursive: true })
      writeFileSync(join(this.cwd, path), text)
    }
  }

  async run(...argv: string[]): Promise<{ code: number; output: string; errors: string }> {
    let [output, errors] = ['', '']
    const code = await run(argv, {
      cwd: this.cwd,
      isTerminal: false,
      stdout: (text) => void (output += text),
      stderr: (text) => void (errors += text),
    })
    return { code, output, errors }
  }

  remove(): void {
    rmSync(this.cwd, { recursive: true, force: true })
  }
}

export const blogSchema = `datasource db {
  provider = "postgresql"
}

model User {
  id    Int    @id
  posts Post[]
}

model Post {
  id          Int      @id
  published   Boolean
  publishedAt DateTime
  authorId    Int
  author      User     @relation(fields: [authorId], references: [id], onDelete: Cascade)
}
`
