import { defineConfig } from 'vitepress'

import { cellLabels } from './cell-labels.ts'

export default defineConfig({
  title: 'prisma-brisk',
  description: 'Speeds up Prisma Client applications, and keeps them fast as data grows',
  cleanUrls: true,
  lastUpdated: false,
  markdown: { config: cellLabels },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Guides', link: '/guide/batching' },
      { text: 'Reference', link: '/reference/configuration' },
      { text: 'Comparison', link: '/comparison' },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Quick start', link: '/quick-start' },
          { text: 'What to expect on day one', link: '/day-one' },
          { text: 'From slow endpoint to fix', link: '/from-slow-endpoint-to-fix' },
          { text: 'Adopting it in an existing application', link: '/adoption' },
          { text: 'How it works', link: '/how-it-works' },
        ],
      },
      {
        text: 'Guides',
        items: [
          { text: 'Batching', link: '/guide/batching' },
          { text: 'Loops that mend themselves', link: '/guide/loops' },
          { text: 'Batching in detail', link: '/guide/batching-in-detail' },
          { text: 'Caching', link: '/guide/caching' },
          { text: 'What is invalidated when', link: '/guide/what-is-invalidated-when' },
          { text: 'Writes from elsewhere', link: '/guide/changes' },
          { text: 'Moving from Accelerate', link: '/guide/from-accelerate' },
          { text: 'Pagination', link: '/guide/pagination' },
          { text: 'Pagination in detail', link: '/guide/pagination-in-detail' },
          { text: 'Slow queries, N+1, metrics', link: '/guide/slow-queries' },
          { text: 'Live', link: '/guide/live' },
          { text: 'Query budgets in CI', link: '/guide/query-budgets' },
          { text: 'Resilience', link: '/guide/resilience' },
          { text: 'Reads past the planner', link: '/guide/replay' },
          { text: 'Index advisor', link: '/guide/index-advisor' },
          { text: 'Beside other extensions', link: '/guide/other-extensions' },
          { text: 'Types of an extended client', link: '/guide/types' },
          { text: 'Operations', link: '/guide/operations' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Configuration', link: '/reference/configuration' },
          { text: 'Advisor rules', link: '/guide/index-rules' },
          {
            text: 'Behaviour',
            link: '/behaviour/',
            collapsed: true,
            items: [
              { text: 'Batching', link: '/behaviour/batching' },
              { text: 'Cache', link: '/behaviour/cache' },
              { text: 'Limits and pages', link: '/behaviour/pagination' },
              { text: 'Slow queries, resilience', link: '/behaviour/slow-query' },
              { text: 'Index advisor', link: '/behaviour/index-advisor' },
              { text: 'What is proved, by which test', link: '/behaviour/proof' },
            ],
          },
          { text: 'Glossary', link: '/glossary' },
          { text: 'Comparison', link: '/comparison' },
          { text: 'Where it runs', link: '/reference/where-it-runs' },
          { text: 'Sizes', link: '/reference/sizes' },
          { text: 'Prisma 5, 6, 7 and 8', link: '/prisma-8' },
          { text: 'Limits and non-goals', link: '/limits' },
          { text: 'Security', link: '/security' },
        ],
      },
    ],
  },
})
