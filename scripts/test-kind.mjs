// `npm run test:kind [file]`: the chart and the images on a real Kubernetes cluster of kind, with CPUs. README, Tests, says what it needs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helmTools } from './helm.mjs';
import { requireTools } from './made-directory.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const name = process.env.GAN_TRAIN_KIND_CLUSTER || 'gan-train';

function fail(message) {
  console.error(`test:kind: ${message}`);
  process.exit(2);
}

function read(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) fail(`${file} ${args.join(' ')}: ${stderr || error?.message}`);
  return stdout.trim();
}

function show(file, args) {
  const { status } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`${file} ${args.join(' ')} failed`);
}

function tools() {
  try {
    requireTools('docker', 'kind', 'prometheus', 'promtool');
    const found = helmTools();
    if (found.kubectl === undefined)
      throw new Error('kubectl is missing: install it, or set KUBECTL to its path');
    return found;
  } catch (error) {
    fail(error.message);
  }
}

const { helm3, helm4, kubectl } = tools();
read('docker', ['version']);
const isThere = read('kind', ['get', 'clusters']).split('\n').includes(name);
if (!isThere)
  show('kind', ['create', 'cluster', '--name', name, '--config', 'test/integration/kind/cluster.yaml']);
const context = read(kubectl, ['config', 'current-context']);
if (context !== `kind-${name}`)
  fail(`kubectl talks to ${context}: run kubectl config use-context kind-${name}`);

const images = () => {
  const tag = `test-${Date.now().toString(36)}`;
  const base = process.env.GAN_TRAIN_BASE_IMAGE ? ['--base', process.env.GAN_TRAIN_BASE_IMAGE] : [];
  show(process.execPath, ['scripts/build-images.mjs', '--tag', tag, ...base]);
  const built = [`gan-train-coordinator:${tag}`, `gan-train-trainer:${tag}`];
  show('kind', ['load', 'docker-image', '--name', name, ...built]);
  return tag;
};
// Images that are on the nodes already, to try one test again.
const tag = process.env.GAN_TRAIN_IMAGE_TAG || images();
console.log(`images: tag ${tag}`);

const directory = mkdtempSync(join(tmpdir(), 'gan-train-kind-'));
const env = {
  ...process.env,
  HELM3: helm3,
  HELM4: helm4,
  KUBECTL: kubectl,
  GAN_TRAIN_IMAGE_TAG: tag,
  GAN_TRAIN_REFERENCE: join(directory, 'reference'),
};
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'kind'];
const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env,
});
rmSync(directory, { recursive: true, force: true });
if (!isThere) show('kind', ['delete', 'cluster', '--name', name]);
process.exit(status ?? 1);
