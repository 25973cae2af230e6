// Brings a fresh clone to a state in which the command runs: installs and builds what is stale, and nothing else.
// Dependency-free, since it runs before anything is installed. `npm start` and `npm test` call it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampDir = join(root, 'node_modules/.gan-train');

function fail(message) {
  console.error(`set-up: ${message}`);
  process.exit(2);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19) || major === 21) {
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer, or 22`);
}

/** Runs a command with its output shown only when it fails. */
function run(what, file, args) {
  console.error(`set-up: ${what}`);
  const started = Date.now();
  const result = spawnSync(file, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
    fail(`${what} failed`);
  }
  console.error(`set-up: ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const isFresh = (name, digest) => {
  const file = join(stampDir, name);
  return existsSync(file) && readFileSync(file, 'utf8') === digest;
};

function stamp(name, digest) {
  mkdirSync(stampDir, { recursive: true });
  writeFileSync(join(stampDir, name), digest);
}

/** The set-up works offline of any shell: npm is started through the Node that runs this, where it says so. */
function npm(args) {
  const cli = process.env.npm_execpath;
  return cli !== undefined && cli.endsWith('.js')
    ? [process.execPath, [cli, ...args]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}

function workspaceFolders() {
  const below = (folder) => readdirSync(join(root, folder)).map((name) => join(folder, name));
  return [...below('libs'), ...below('services'), 'cli', 'grafana', 'test'];
}

// What is installed follows from the lock file, and from the platform and Node that it was installed for.
const lock = readFileSync(join(root, 'package-lock.json'));
const wanted = createHash('sha256')
  .update(lock)
  .update(`${process.platform} ${process.arch} ${major}`)
  .digest('hex');
if (!isFresh('installed', wanted)) {
  run('installing dependencies', ...npm(['ci', '--loglevel=error']));
  stamp('installed', wanted);
}

// What is built follows from the sources: names, sizes and times are enough, tsc -b looks closer.
const sources = workspaceFolders()
  .filter((folder) => existsSync(join(root, folder, 'tsconfig.json')))
  .flatMap((folder) =>
    ['', 'src', 'integration', 'support', 'tensorflow'].flatMap((part) => {
      const directory = join(root, folder, part);
      if (!existsSync(directory)) return [];
      return readdirSync(directory, { recursive: part !== '' })
        .map((name) => join(directory, String(name)))
        .filter((file) => /\.(ts|json)$/.test(file));
    }),
  );
const digest = createHash('sha256').update(wanted);
for (const file of [...sources, join(root, 'tsconfig.base.json'), join(root, 'tsconfig.json')].sort()) {
  const { size, mtimeMs } = statSync(file);
  digest.update(`${file} ${size} ${mtimeMs}\n`);
}
const built = digest.digest('hex');
if (!isFresh('built', built)) {
  run('building', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  stamp('built', built);
}
