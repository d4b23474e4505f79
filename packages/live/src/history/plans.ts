import type { LivePlan } from '@prisma-brisk/slow-query'

/** A plan as objects takes so many times the characters of its JSON. */
const WEIGHT = 3

/** The youngest plan of each shape of statements, as long as they fit. */
export class Plans {
  bytes = 0
  private readonly kept = new Map<string, { readonly plan: LivePlan; readonly bytes: number }>()

  constructor(private readonly maxBytes: number) {}

  get(fingerprint: string): LivePlan | undefined {
    return this.kept.get(fingerprint)?.plan
  }

  has(fingerprint: string): boolean {
    return this.kept.has(fingerprint)
  }

  set(plan: LivePlan): void {
    const bytes = WEIGHT * JSON.stringify(plan).length
    if (bytes > this.maxBytes) return
    this.drop(plan.fingerprint)
    for (const oldest of this.kept.keys()) {
      if (this.bytes + bytes <= this.maxBytes) break
      this.drop(oldest)
    }
    this.kept.set(plan.fingerprint, { plan, bytes })
    this.bytes += bytes
  }

  clear(): void {
    this.kept.clear()
    this.bytes = 0
  }

  private drop(fingerprint: string): void {
    this.bytes -= this.kept.get(fingerprint)?.bytes ?? 0
    this.kept.delete(fingerprint)
  }
}
