import { defineConfig } from 'vitest/config';

// Forks, not threads: native modules and worker threads of our own do not survive vitest's thread pool.
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{libs,services}/*/src/**/*.spec.ts', 'cli/src/**/*.spec.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/*.test.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        // `npm run test:tensorflow` says where the native package is.
        test: {
          name: 'tensorflow',
          include: ['test/tensorflow/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
