/** Starts a call now: Prisma's promises wait until somebody awaits them. */
export const started = <T>(promise: PromiseLike<T>): Promise<T> =>
  Promise.resolve(promise.then((value) => value))
