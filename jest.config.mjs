import { join } from 'node:path';

/** `npm test`. ES modules and TypeScript as Node runs them; one PostgreSQL for the run, a database a test file. */
export default {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/\\.agora/'],
  modulePathIgnorePatterns: ['<rootDir>/\\.agora/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tests/support/strip-types.mjs' },
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
  maxWorkers: 2,
  // It bounds what hangs, and asserts nothing of how fast a machine is.
  testTimeout: 480_000,
  // What a test file leaves in its worker is collected at once and late: seconds in which connections run out of time.
  workerIdleMemoryLimit: '1GB',
  coverageProvider: 'babel',
  coverageReporters: [
    'text-summary',
    join(import.meta.dirname, 'tests/support/coverage-by-part.mjs'),
    'lcov',
    'json-summary',
  ],
  // The floor, in each part of the house, of `npm run test:coverage` for all tests. What runs in processes of its own, such as
  // the commands of `bin/`, is not seen.
  coverageThreshold: Object.fromEntries(
    ['platform', 'gateway', 'subgraphs', 'db'].map((part) => [
      `./${part}/`,
      { lines: 80, statements: 80, functions: 80 },
    ]),
  ),
  collectCoverageFrom: [
    '{platform,gateway,subgraphs,db}/**/*.ts',
    '!**/*.test.ts',
    '!**/*.testing.ts',
    '!**/*.generated.ts',
  ],
};
