import type { RecordedCall, RecordedText, RunningTest } from '@prisma-brisk/slow-query'
import type { ProcessRecording } from '../../src/recording/recorded-processes.ts'

/** Calls as processes record them, with what a test says of them in place of the rest. */

export const ROOT = '/app'

export function testOf(name: string, more: Partial<RunningTest> = {}): RunningTest {
  return { run: name, attempt: 0, file: `${ROOT}/test/a.test.ts`, path: [name], kind: 'test', ...more }
}

let clock = 0

export function call(more: Partial<RecordedCall> & { readonly values?: string } = {}): RecordedCall {
  const { values, ...given } = more
  const at = (clock += 10)
  const asked = values ?? String(at)
  return {
    type: 'call',
    test: testOf('one'),
    scope: null,
    model: 'Post',
    operation: 'findMany',
    signature: 'Post.findMany({ where: { authorId } })',
    kind: 'read',
    args: asked,
    list: asked,
    site: `${ROOT}/src/post.ts:12:20`,
    from: at,
    to: at + 5,
    rows: 1,
    statements: [0],
    ...given,
  }
}

/** One process with these calls; statement 0 reads posts, and 1 users. */
export function processOf(
  calls: readonly RecordedCall[],
  texts: readonly string[] = ['SELECT * FROM "Post"', 'SELECT * FROM "User"'],
): ProcessRecording {
  const numbered = texts.map((sql, number): RecordedText => ({
    type: 'text',
    number,
    sql,
    fingerprint: `f${number}`,
  }))
  return {
    process: { type: 'process', protocol: 1, pid: 1, cwd: ROOT, script: `${ROOT}/run.js` },
    texts: new Map(numbered.map((each) => [each.number, each])),
    calls,
  }
}
