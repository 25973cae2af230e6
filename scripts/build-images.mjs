// `npm run build:images -- [--tag TAG] [--base IMAGE] [--gpu tensorflow|tfjs-node-gpu] [--arch x64|arm64]`: stages and builds the
// images; needs docker (BuildKit or the classic builder).
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requireTools } from './made-directory.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const platforms = { x64: 'linux/amd64', arm64: 'linux/arm64' };

const {
  tag = version,
  base,
  gpu,
  arch,
} = parseArgs({
  options: {
    tag: { type: 'string' },
    base: { type: 'string' },
    gpu: { type: 'string' },
    arch: { type: 'string' },
  },
}).values;

/** Runs a command with its output shown; ends this process when it fails. */
function show(file, args) {
  const { status } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const given = (name, value) => (value === undefined ? [] : [name, value]);
const buildArgument = (name, value) => (value === undefined ? [] : ['--build-arg', `${name}=${value}`]);

function build(image, file, context, args) {
  const platform = given('--platform', platforms[arch]);
  show('docker', ['build', '--file', join('docker', file), '--tag', image, ...platform, ...args, context]);
  show('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}  {{.Size}}', image]);
}

requireTools('docker');
show(process.execPath, ['scripts/stage-images.mjs', ...given('--arch', arch), ...given('--gpu', gpu)]);
const trainer = `gan-train-trainer:${tag}`;
const common = [...buildArgument('BASE', base), ...buildArgument('VERSION', version)];
for (const [target, image] of [
  ['coordinator', `gan-train-coordinator:${tag}`],
  ['trainer', trainer],
]) {
  build(image, 'Dockerfile', 'build/images/app', ['--target', target, ...common]);
}
if (gpu !== undefined)
  build(`${trainer}-gpu`, 'gpu.Dockerfile', join('build/images/gpu', gpu), buildArgument('TRAINER', trainer));
