import type { Host } from '@prisma-brisk/core'

/** A mount that can be waited for. */
interface Mount {
  /** Sends what was called, and resolves once it is answered. */
  finish(): Promise<void>
}

const key = Symbol('prisma-brisk.batching.mounts')

/**
 * The mounts of one base client, finished before it disconnects. They are held weakly: where a client is extended for each
 * request, its mount goes with the request.
 */
export class Mounts {
  private readonly mounts = new Set<WeakRef<Mount>>()
  private readonly gone = new FinalizationRegistry<WeakRef<Mount>>((mount) => this.mounts.delete(mount))

  static of(host: Host): Mounts {
    return host.state(key, () => new Mounts(host))
  }

  private constructor(host: Host) {
    host.onDisconnect(() => this.finish())
  }

  add(mount: Mount): void {
    const held = new WeakRef(mount)
    this.mounts.add(held)
    this.gone.register(mount, held)
  }

  private async finish(): Promise<void> {
    await Promise.all(Array.from(this.mounts, async (mount) => mount.deref()?.finish()))
  }
}
