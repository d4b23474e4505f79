import { randomBytes } from 'node:crypto'

/**
 * A tag of which it matters who gave it its stamp: the stamp ends in `.` and the signature of the unique keys that its
 * observer knows. A deployment that finds another signature there knows that the two do not see the same keys.
 */
export interface KeySetTag {
  readonly tag: string
  readonly signature: string
}

/**
 * A stamp is `<time>.<random>`: when it was made (base 36, ms) and 96 random bits, so that no two are ever alike. The
 * time serves `replicaLag` alone; stamps are compared for equality, never for order. One that is signed ends in
 * `.<signature>`.
 */
export function newStamp(now: number, signature?: string): string {
  const stamp = `${now.toString(36)}.${randomText()}`
  return signature === undefined ? stamp : `${stamp}.${signature}`
}

export function isSignedBy(stamp: string, signature: string): boolean {
  return stamp.endsWith(`.${signature}`)
}

/**
 * A stamp for a store of this process alone. It is made of a random name of the process and a count, which is as unique,
 * and costs less.
 */
export function newLocalStamp(now: number, signature?: string): string {
  if (now !== lastNow) {
    lastNow = now
    localName ??= randomBytes(12).toString('base64url')
    lastTime = `${now.toString(36)}.${localName}.`
  }
  const stamp = lastTime + nextLocal++
  return signature === undefined ? stamp : `${stamp}.${signature}`
}

/** The marker of strict writes: a stamp that is never valid. */
export function newMarker(now: number): string {
  return `!${newStamp(now)}`
}

/** When a stamp was made, in ms; 0 where that cannot be told. */
export function stampTime(stamp: string): number {
  const time = parseInt(stamp, 36)
  return Number.isFinite(time) ? time : 0
}

// Drawn with the first stamp: on Workers nothing random may be drawn while modules load.
let localName: string | undefined
let nextLocal = 1
let lastNow = NaN
let lastTime = ''

// Random bytes are drawn in one piece: a system call for each stamp would cost more than the rest of a miss.
const BYTES = 12
let pool: Buffer = Buffer.alloc(0)
let used = 0

function randomText(): string {
  if (used + BYTES > pool.length) {
    pool = randomBytes(BYTES * 128)
    used = 0
  }
  const text = pool.toString('base64url', used, used + BYTES)
  used += BYTES
  return text
}
