import type { LiveCall } from '@prisma-brisk/slow-query'

/** Calls that follow each other as in a loop, shown as one. */
export interface FoldedCalls {
  /** `User.findUnique`; of a loop over several calls all of them, `User.findUnique, Post.count`. */
  readonly name: string
  /** Of the first. */
  readonly callSite: string | null
  /** Turns of the loop; 1 for a call of its own. */
  readonly count: number
  /** When the first began and the last had ended, in milliseconds of the request. */
  readonly from: number
  readonly to: number
  readonly statements: number
  /** Numbers of the calls. */
  readonly calls: readonly number[]
}

/** Calls that one turn of a loop may make. */
const LONGEST_TURN = 4
/** Turns from which on several calls that repeat are a loop; one alone is folded from two. */
const TURNS = 3

/** Calls of one operation and place, or a sequence of them, that come again and again. */
export function foldedCalls(timeline: readonly LiveCall[]): FoldedCalls[] {
  const keys = timeline.map(({ model, operation, callSite }) => `${model} ${operation} ${callSite}`)
  const folded: FoldedCalls[] = []
  for (let at = 0; at < timeline.length;) {
    const [length, turns] = loopAt(keys, at)
    folded.push(foldedOf(timeline.slice(at, at + length * turns), length, turns))
    at += length * turns
  }
  return folded
}

/** The loop that covers most calls from here on. */
function loopAt(keys: readonly string[], at: number): [length: number, turns: number] {
  let best: [length: number, turns: number] = [1, 1]
  for (let length = 1; length <= LONGEST_TURN; length++) {
    let same = 0
    while (at + length + same < keys.length && keys[at + same] === keys[at + length + same]) same++
    const turns = Math.floor(same / length) + 1
    if (turns >= (length === 1 ? 2 : TURNS) && turns * length > best[0] * best[1]) best = [length, turns]
  }
  return best
}

function foldedOf(calls: readonly LiveCall[], length: number, turns: number): FoldedCalls {
  const [first] = calls as [LiveCall]
  return {
    name: calls.slice(0, length).map(nameOf).join(', '),
    callSite: first.callSite,
    count: turns,
    from: first.at,
    to: round(Math.max(...calls.map((call) => call.at + call.ms + call.waitMs))),
    statements: calls.reduce((sum, call) => sum + call.statements.length, 0),
    calls: calls.map(({ call }) => call),
  }
}

/** `User.findMany`; for raw SQL the operation. */
export function nameOf({ model, operation }: Pick<LiveCall, 'model' | 'operation'>): string {
  return model === null ? operation : `${model}.${operation}`
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
