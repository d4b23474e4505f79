export default { test: { include: ['*.vitest.js'], sequence: { shuffle: true } } }
