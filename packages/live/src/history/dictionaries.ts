import { LiveDictionary, type LiveProcess } from '@prisma-brisk/slow-query'
import { LiveForgottenError } from '../errors.ts'

/** What processes have told once, as long as it fits: of others it is forgotten, and they tell it again. */
export class Dictionaries {
  private readonly kept = new Map<string, LiveDictionary>()

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    let bytes = 0
    for (const each of this.kept.values()) bytes += each.bytes
    return bytes
  }

  /**
   * That of a process which begins a delivery.
   *
   * @throws LiveForgottenError where it lacks what the process refers to
   */
  open(process: LiveProcess): LiveDictionary {
    const dictionary = this.kept.get(process.process) ?? new LiveDictionary()
    if (!dictionary.knows(process)) throw new LiveForgottenError()
    this.kept.delete(process.process)
    for (const name of this.kept.keys()) {
      if (this.bytes + dictionary.bytes <= this.maxBytes) break
      this.kept.delete(name)
    }
    this.kept.set(process.process, dictionary)
    return dictionary
  }

  forget(process: string): void {
    this.kept.delete(process)
  }
}
