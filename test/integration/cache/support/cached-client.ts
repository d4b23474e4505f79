import { cache, type CacheOptions } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

let namespaces = 0

/** A namespace that nothing else on the shared Redis uses. */
export function ownNamespace(): string {
  return `test-${process.pid}-${Date.now().toString(36)}-${namespaces++}`
}

/** A time that only moves when it is told to. */
export class Clock {
  constructor(private time = 1_700_000_000_000) {}

  readonly now = (): number => this.time

  advance(seconds: number): void {
    this.time += seconds * 1000
  }
}

/** The client with a cache on it, in a namespace of its own. */
export function cached(base: PrismaClient, options: CacheOptions = {}) {
  return base.$extends(cache({ namespace: ownNamespace(), earlyRefresh: 0, readTimeout: 5000, ...options }))
}

/** The plain client, for reads that are written for a cached one. */
export function withoutStrategies(base: PrismaClient): ReturnType<typeof cached> {
  return cached(base, { enabled: false })
}

/** Lets everything that is under way within the process come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits until `check` holds; for what another process or server does in its own time. */
export async function until(check: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It did not come about within ${ms} ms: ${check.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Prisma's promises begin when they are awaited; this one begins now. */
export function start<T>(promise: PromiseLike<T>): Promise<T> {
  const started = Promise.resolve(promise)
  started.catch(() => undefined)
  return started
}

/** The codes of the warnings that are emitted from now on. */
export function heardWarnings(): { readonly warnings: string[]; restore(): void } {
  const warnings: string[] = []
  const original = process.emitWarning
  process.emitWarning = ((_: unknown, options?: { code?: string }) => {
    warnings.push(options?.code ?? '')
  }) as typeof process.emitWarning
  return { warnings, restore: () => void (process.emitWarning = original) }
}
