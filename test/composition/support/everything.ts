import type { BriskOptions } from 'prisma-brisk'

export const parts = ['batching', 'cache', 'pagination', 'slowQuery', 'resilience'] as const

/** Everything that can be on, limits at 'allow': no operation may answer otherwise than on plain Prisma. */
export const everything = {
  batching: {},
  pagination: { onMissing: 'allow', onExceeded: 'allow' },
  cache: {
    models: {
      User: { ttl: 60, swr: 30 },
      Tag: { ttl: 60 },
      Conversation: { ttl: 60 },
      Movement: { ttl: 60 },
      Message: { ttl: 60 },
    },
    onRawWrite: 'invalidateAll',
  },
  slowQuery: { threshold: 60_000, sinks: [] },
  resilience: { timeout: 60_000, retry: { attempts: 2 } },
} as const satisfies BriskOptions
