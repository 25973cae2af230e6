// `npm run test:tensorflow`: the engine contract and real trainings on a native tfjs-node, which is made when it isn't there.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeNativeTfjsNode } from './native-tfjs-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
let directory;
try {
  directory = makeNativeTfjsNode();
} catch (error) {
  console.error(`test:tensorflow: ${error.message}`);
  process.exit(2);
}
const run = (path, ...args) => {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, GAN_TRAIN_TFJS_NODE: directory },
  });
  if (status !== 0) process.exit(status ?? 1);
};
run('vitest/vitest.mjs', 'run', '--project', 'tensorflow');
