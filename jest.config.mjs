/** Jest runs TypeScript sources as ES modules; sibling packages resolve to their source, unbuilt. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@prisma-brisk/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/test/**/*.test.ts',
    '<rootDir>/examples/*/test/**/*.test.ts',
  ],
  modulePathIgnorePatterns: ['/dist/', '/fixtures/', '<rootDir>/.brisk/'],
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/dearest-first.mjs',
  maxWorkers: 2,
  // Modules of a test file that has ended are not given back: a worker that grew makes place for a new one.
  workerIdleMemoryLimit: '1GB',
}
