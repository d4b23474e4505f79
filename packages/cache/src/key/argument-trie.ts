import type { Call } from '@prisma-brisk/core'

/**
 * What follows from a read alone, its key and its tags, for the reads that were seen lately: the same ones come again and
 * again. It is a tree that is walked along the values of a read as they stand there, so finding a place makes neither text
 * nor hash. Two spellings of one read, such as `{a, b}` and `{b, a}`, have two places; who fills them sees to it that they
 * say the same.
 *
 * Reads of many values, or of rare kinds of them, have no place and are worked out each time.
 */
export class ArgumentTrie<T> {
  private root = new Step<T>()
  private at = this.root
  private steps = 0
  private left = 0

  /** @param limit steps that are kept; a read takes a few of its own, and shares the others with its like */
  constructor(private readonly limit = 20_000) {}

  /**
   * Where the notes on a read are, empty the first time; null where it has no place.
   *
   * @param surroundings what else its result depends on
   * @param lists the user's tags, and the models of a raw read
   */
  slotOf(
    call: Call,
    surroundings: string | null,
    ...lists: readonly (readonly string[] | null)[]
  ): { content: T | null } | null {
    if (this.steps >= this.limit) this.forget()
    this.at = this.root
    this.left = LONGEST
    this.step(call.model)
    this.step(call.operation)
    this.step(call.notes.bound)
    this.step(surroundings)
    this.list(call.dataPath)
    for (const list of lists) this.list(list)
    return this.walk(call.args, true) ? this.at : null
  }

  private forget(): void {
    this.root = new Step()
    this.steps = 0
  }

  private step(token: unknown): void {
    const { at } = this
    const next = at.next(token)
    if (next !== undefined) this.at = next
    else {
      this.at = at.grow(token)
      this.steps++
    }
  }

  private list(names: readonly string[] | null): void {
    if (names === null) this.step(null)
    else for (let index = 0; index < names.length; index++) this.step(names[index])
    this.step(END)
  }

  /** @param isOutermost these are the arguments themselves, in which the strategy does not count */
  private walk(value: unknown, isOutermost: boolean): boolean {
    if (this.left-- === 0) return false
    switch (typeof value) {
      case 'string':
        if (value.length > LONGEST_TEXT) return false
        break
      case 'number':
        if (Number.isNaN(value) || Object.is(value, -0)) return false
        break
      case 'object':
        return value === null ? (this.step(null), true) : this.walkObject(value, isOutermost)
      case 'function':
      case 'symbol':
        return false
      default:
    }
    this.step(value)
    return true
  }

  private walkObject(value: object, isOutermost: boolean): boolean {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) {
      this.step(OBJECT)
      for (const key in value) {
        if (isOutermost && key === 'cacheStrategy') continue
        this.step(key)
        if (!this.walk((value as Record<string, unknown>)[key], false)) return false
      }
    } else if (prototype === Array.prototype) {
      const list = value as readonly unknown[]
      if (list.length > this.left) return false
      this.step(LIST)
      for (let index = 0; index < list.length; index++) if (!this.walk(list[index], false)) return false
    } else if (prototype === Date.prototype) {
      const time = (value as Date).getTime()
      if (Number.isNaN(time)) return false
      this.step(DATE)
      this.step(time)
      return true
    } else {
      return false
    }
    this.step(END)
    return true
  }
}

/** Beyond that many values, or letters in one of them, a place would take more room than it saves time. */
const LONGEST = 64
const LONGEST_TEXT = 256

/** What no argument can be. */
const OBJECT = Symbol('object')
const LIST = Symbol('list')
const DATE = Symbol('date')
const END = Symbol('end')
const NOWHERE = Symbol('nowhere')

/** A step of the walk. Most have one way to go on, which needs no map. */
class Step<T> {
  content: T | null = null
  private token: unknown = NOWHERE
  private only: Step<T> | undefined = undefined
  private others: Map<unknown, Step<T>> | null = null

  next(token: unknown): Step<T> | undefined {
    return token === this.token ? this.only : this.others?.get(token)
  }

  grow(token: unknown): Step<T> {
    const step = new Step<T>()
    if (this.only === undefined) {
      this.token = token
      this.only = step
    } else {
      this.others ??= new Map()
      this.others.set(token, step)
    }
    return step
  }
}
