/** Lets work on one session run one after the other: what is shown and set is planned with in one go. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when all that was asked for is done, however it ended. */
  async over(): Promise<void> {
    await this.#last
  }
}
