import type { CliHost } from './cli-host.ts'

/** A line on the terminal while something takes long; silent elsewhere, and for whatever is done at once. */
export async function withProgress<T>(host: CliHost, title: string, work: () => Promise<T>): Promise<T> {
  if (!host.isTerminal || !process.stderr.isTTY) return work()
  const { default: yoctoSpinner } = await import('yocto-spinner')
  const spinner = yoctoSpinner({ text: title, stream: process.stderr })
  const timer = setTimeout(() => spinner.start(), 300)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
    spinner.stop()
  }
}
