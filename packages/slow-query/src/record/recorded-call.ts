/** The version of the lines below. */
export const RECORDING_PROTOCOL = 1

/**
 * What a process under `brisk record` writes, one JSON object a line: what many calls share once, then each call when it has
 * settled. No value of an argument or a row is in it.
 */
export type RecordedLine = RecordedProcess | RecordedText | RecordedCall

/** The first line of a file. */
export interface RecordedProcess {
  readonly type: 'process'
  readonly protocol: typeof RECORDING_PROTOCOL
  readonly pid: number
  readonly cwd: string
  /** Path of its script. */
  readonly script: string
}

/** A text of SQL, without values; calls refer to it by its number. */
export interface RecordedText {
  readonly type: 'text'
  readonly number: number
  readonly sql: string
  readonly fingerprint: string
}

/** The test that runs. */
export interface RunningTest {
  /** The same for all calls of one run of a test; unique among all processes. */
  readonly run: string
  /** From 0; one more each time that the runner tries the test again. */
  readonly attempt: number
  /** Path of its file; null where the runner does not say. */
  readonly file: string | null
  /** With the names of the suites around it, from the outermost to its own. */
  readonly path: readonly string[]
  /** `setup`: hooks of a suite. `several`: tests that run at once, of which none can be told. */
  readonly kind: 'test' | 'setup' | 'several'
}

/** One call. Times are microseconds since 1970. */
export interface RecordedCall {
  readonly type: 'call'
  readonly test: RunningTest | null
  /** The request or job that it belongs to: its name, and a number that tells it from all others of the process. */
  readonly scope: { readonly name: string; readonly number: number } | null
  readonly model: string | null
  readonly operation: string
  /** `Post.findMany({ where: { authorId }, take })` */
  readonly signature: string
  readonly kind: 'read' | 'write' | 'raw'
  /** Tells arguments apart: of two calls of one process they are equal where these are. Drawn with a secret that nobody keeps. */
  readonly args: string
  /** The same of the arguments without their place in a list that is walked through. */
  readonly list: string
  /** `src/post.ts:12:20` */
  readonly site: string | null
  /** The members of `Promise.all` that it was made in, innermost first: `2/0`. Default: none. */
  readonly branch?: string
  /** Batching is mounted and may answer it together with others that run beside it. */
  readonly isMergeable?: true
  readonly from: number
  readonly to: number
  /** At the top of the result. */
  readonly rows: number
  /** Numbers of the texts of its own statements. */
  readonly statements: readonly number[]
  readonly batch?: { readonly id: number; readonly calls: number }
  /** Answered by the cache, or asked of it. */
  readonly cache?: string
  readonly transaction?: 'array' | 'interactive' | 'unrecognised'
  readonly failed?: true
  /** One piece of an import. */
  readonly isBulk?: true
  /** A list that nothing bounds. */
  readonly isUnbounded?: true
  /** Fields compared for equality, where no index of the model begins with one of them. */
  readonly unindexed?: readonly string[]
}
