/** An error for each caller, so that none sees what another one adds to it. */
export function copyOfError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return Object.create(
    Object.getPrototypeOf(error) as object,
    Object.getOwnPropertyDescriptors(error),
  ) as Error
}
