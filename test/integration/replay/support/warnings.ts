/** Codes of the warnings that the process gives from now on, until `stop`. */
export function hearWarnings(): { readonly codes: string[]; stop(): void } {
  const codes: string[] = []
  const original = process.emitWarning
  process.emitWarning = ((message: string, { code }: { code?: string } = {}) => {
    codes.push(code ?? message)
  }) as typeof process.emitWarning
  return { codes, stop: () => (process.emitWarning = original) }
}
