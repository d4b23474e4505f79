/** @type {import('@prisma-brisk/live').BriskConfig} */
export default {
  budgets: {
    rules: { 'unbounded-list': 'fail', unindexed: 'fail' },
    allow: [{ rule: 'unindexed', call: 'OrderLine.', reason: 'the index comes with the next migration' }],
  },
}
