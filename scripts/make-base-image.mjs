// `npm run make:base-image -- [--tag IMAGE]`: a base for the images where none can be pulled: Debian from the machine's mirror, and
// this Node. Needs Linux, root, debootstrap and docker. An image that is there and made of the same is kept.
import { spawnSync } from 'node:child_process';
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requireTools, run } from './made-directory.mjs';

const suite = 'bookworm';
/** What Node and the native packages are linked with, and certificates for an API server's sake. */
const packages = ['ca-certificates', 'libstdc++6'];
const label = 'gan-train.made-of';
const build = fileURLToPath(new URL('../build', import.meta.url));

const { tag: image } = parseArgs({
  options: { tag: { type: 'string', default: 'gan-train-base:local' } },
}).values;

/** The archive that apt on this machine takes the suite from; undefined (debootstrap's own) when it is none of them. */
function mirrorOfMachine() {
  const format = '$(RELEASE) $(COMPONENT) $(REPO_URI)';
  const { status, stdout } = spawnSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return stdout
    .split('\n')
    .find((line) => line.startsWith(`${suite} main `))
    ?.split(' ')[2];
}

/** What a running process doesn't need: lists and caches of packages, and what people read but for licences. */
function clean(root) {
  const below = (path) => readdirSync(join(root, path)).map((name) => join(path, name));
  const unused = [
    ...['etc/apt/sources.list', 'etc/resolv.conf', 'etc/hostname', 'usr/share/info', 'usr/share/locale'],
    ...['usr/share/man', 'usr/share/lintian', 'usr/share/bug', 'debootstrap'],
    ...['var/cache', 'var/lib/apt/lists', 'var/log', 'tmp'].flatMap(below),
    ...below('usr/share/doc').flatMap((folder) =>
      below(folder).filter((file) => !file.endsWith('/copyright')),
    ),
  ];
  for (const path of unused) rmSync(join(root, path), { recursive: true, force: true });
}

function makeRoot(root) {
  mkdirSync(root);
  const mirror = mirrorOfMachine();
  const options = ['--variant=minbase', `--include=${packages.join(',')}`];
  run(`debootstrap ${suite}`, 'debootstrap', [
    ...options,
    suite,
    root,
    ...(mirror === undefined ? [] : [mirror]),
  ]);
  clean(root);
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  chmodSync(join(root, 'usr/local/bin/node'), 0o755);
  chmodSync(root, 0o755);
}

function isMadeOf(facts) {
  const format = `{{index .Config.Labels "${label}"}}`;
  const { status, stdout } = spawnSync('docker', ['image', 'inspect', '--format', format, image], {
    encoding: 'utf8',
  });
  return status === 0 && stdout.trim() === facts;
}

function make(facts) {
  if (process.platform !== 'linux' || process.getuid() !== 0)
    throw new Error('debootstrap needs Linux, and root');
  requireTools('debootstrap', 'tar');
  mkdirSync(build, { recursive: true });
  const scratch = mkdtempSync(join(build, 'base-image.'));
  try {
    const [root, archive] = [join(scratch, 'root'), join(scratch, 'root.tar')];
    makeRoot(root);
    run('tar', 'tar', ['--numeric-owner', '-C', root, '-cf', archive, '.']);
    const changes = [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `LABEL ${label}=${facts}`,
    ];
    const args = ['import', ...changes.flatMap((change) => ['--change', change]), archive, image];
    run('docker import', 'docker', args);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  requireTools('docker');
  const facts = [suite, ...packages, process.version, process.arch].join('/');
  if (!isMadeOf(facts)) make(facts);
  console.log(image);
} catch (error) {
  console.error(`make:base-image: ${error.message}`);
  process.exitCode = 1;
}
