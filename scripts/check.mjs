// `npm test`: everything that must hold and needs Node alone. Stops at the first thing that does not.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (path) => join(root, 'node_modules', path);

const checks = [
  ['generated files', join(root, 'scripts/generate.mjs'), '--check'],
  ['types', bin('typescript/bin/tsc'), '-b'],
  ['lint', bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
  ['format', bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  ["TensorFlow.js's own tests", join(root, 'libs/tfjs-backend-onnx/test-core/run.mjs')],
  [
    'unit tests, simulator, integration tests',
    bin('vitest/vitest.mjs'),
    'run',
    '--project',
    'unit',
    '--project',
    'simulator',
    '--project',
    'integration',
  ],
];

const started = Date.now();
for (const [name, ...args] of checks) {
  const from = Date.now();
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`\n${name}: failed`);
    process.exit(1);
  }
  console.log(`== ${name}: ${((Date.now() - from) / 1000).toFixed(1)} s`);
}
console.log(`\nall checks passed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
