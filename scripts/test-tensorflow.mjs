// `npm run test:tensorflow`: the engine contract and real trainings on a native TensorFlow of `gan-train engine add`, which is
// made below .cache when it isn't there.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, GAN_TRAIN_HOME: join(root, '.cache/gan-train'), GAN_TRAIN_TFJS_NODE: '' };

const run = (path, ...args) => {
  const { status } = spawnSync(process.execPath, [join(root, path), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  if (status !== 0) process.exit(status ?? 1);
};
run('cli/bin/gan-train.js', 'engine', 'add', 'tensorflow');
run('node_modules/vitest/vitest.mjs', 'run', '--project', 'tensorflow');
