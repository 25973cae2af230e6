import { defineConfig } from 'vitest/config';

// What a developer has set or added is not to change what is tested.
const env = {
  GAN_TRAIN_HOME: '/nonexistent/gan-train',
  GAN_TRAIN_TFJS_NODE: '',
  GAN_TRAIN_ONNX_PROVIDER: '',
  GAN_TRAIN_GPU: '',
};

// Forks, not threads: native modules and worker threads of our own do not survive vitest's thread pool.
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          env,
          include: ['{libs,services}/*/src/**/*.spec.ts', 'cli/src/**/*.spec.ts', 'scripts/*.spec.mjs'],
          testTimeout: 30_000,
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'integration',
          env,
          include: ['test/integration/*.test.ts'],
          testTimeout: 180_000,
          // Two files at a time: while processes of one wait for a deadline, those of the other have the cores.
          maxWorkers: 2,
          // After the others.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'simulator',
          env,
          include: ['test/simulator/*.test.ts'],
          testTimeout: 600_000,
          maxWorkers: '100%',
        },
      },
      {
        // `npm run test:chart` says which helm.
        test: {
          name: 'chart',
          include: ['test/chart/*.test.ts'],
          // What one file has rendered the next ones need too.
          isolate: false,
          testTimeout: 60_000,
          maxWorkers: '100%',
        },
      },
      {
        // `npm run test:faults` says where.
        test: {
          name: 'faults',
          env,
          include: ['test/faults/*.test.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        // `npm run test:e2e` says what it needs.
        test: {
          name: 'e2e',
          env,
          include: ['test/e2e/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        // `npm run test:kind` says where the cluster is.
        test: {
          name: 'kind',
          env,
          include: ['test/integration/kind/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // `npm run test:tensorflow` says where the native engine is.
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
