import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AllowanceError } from '../errors.ts'
import type { BudgetFinding } from './budget-finding.ts'

/**
 * `// brisk-allow n-plus-one: why it may be so`, in the line of a call or of a test, or in the comment right above it. Files are
 * read once, and only where something was found.
 */
export class AllowanceComments {
  private readonly files = new Map<string, readonly string[]>()

  /** @param root paths are relative to it */
  constructor(private readonly root: string) {}

  /**
   * The reason that a finding in a test is allowed for; null where nobody allows it.
   *
   * @throws AllowanceError where somebody does and gives none
   */
  reasonFor({ rule, place }: BudgetFinding, test: string): string | null {
    const [, file, line] = /^(.*?):(\d+)(?::\d+)?$/.exec(place ?? '') ?? []
    const atCall = file === undefined ? null : this.reasonAt(file, Number(line) - 1, rule)
    return atCall ?? this.reasonAtTest(test, rule)
  }

  private reasonAtTest(title: string, rule: string): string | null {
    const parts = title.split(' › ')
    const [file = ''] = parts
    const name = parts.at(-1) ?? ''
    if (parts.length < 2) return null
    const at = this.linesOf(file).findIndex((line) => line.includes(name) && /['"`]/.test(line))
    return at < 0 ? null : this.reasonAt(file, at, rule)
  }

  private reasonAt(file: string, at: number, rule: string): string | null {
    const lines = this.linesOf(file)
    for (let line = at; line >= 0; line--) {
      const text = lines[line] ?? ''
      if (line < at && !COMMENT.test(text)) return null
      const [, allowed, reason = ''] = ALLOW.exec(text) ?? []
      if (allowed !== rule) continue
      if (reason.trim() === '') throw new AllowanceError(`${file}:${line + 1}`, rule)
      return reason.replace(/\*\/.*$/, '').trim()
    }
    return null
  }

  private linesOf(file: string): readonly string[] {
    let lines = this.files.get(file)
    if (lines === undefined) this.files.set(file, (lines = linesIn(join(this.root, file))))
    return lines
  }
}

const COMMENT = /^\s*(?:\/\/|\/\*|\*)/
const ALLOW = /(?:\/\/|\/\*|\*)\s*brisk-allow\s+([a-z-]+)\s*(?::(.*))?$/

function linesIn(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)
  } catch {
    return []
  }
}
