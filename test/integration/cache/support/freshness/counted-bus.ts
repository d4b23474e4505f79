import type { MessageBus, RedisCacheStore } from '@prisma-brisk/cache'

/** Redis pub/sub that knows when every subscriber has heard everything that was said. */
export class CountedBus {
  private published = 0
  private readonly subscribers: { heard: number }[] = []
  private waiting: (() => void)[] = []

  of(store: RedisCacheStore, channel: string): MessageBus {
    const bus = store.bus(channel)
    return {
      publish: (message) => {
        this.published++
        return bus.publish(message)
      },
      subscribe: (listener, state) => {
        const subscriber = { heard: 0 }
        this.subscribers.push(subscriber)
        return bus.subscribe((message) => {
          listener(message)
          subscriber.heard++
          if (this.isQuiet) for (const resolve of this.waiting.splice(0)) resolve()
        }, state)
      },
    }
  }

  async quiet(): Promise<void> {
    if (!this.isQuiet) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private get isQuiet(): boolean {
    return this.subscribers.every(({ heard }) => heard === this.published)
  }
}
