/** Runs the tasks in order, `atMost` at a time. */
export async function inParallel<T>(
  tasks: readonly T[],
  atMost: number,
  run: (task: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < tasks.length) await run(tasks[next++] as T)
  }
  await Promise.all(Array.from({ length: Math.min(atMost, tasks.length) }, worker))
}
