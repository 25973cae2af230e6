// `npm run test:faults [file]`: faults of networks and disks that need root. They run in namespaces that end with the tests, so that no rule, mount or
// process can be left over.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** By Debian's package. */
const needs = {
  iproute2: ['ip', 'ss', 'tc'],
  iptables: ['iptables'],
  'util-linux': ['unshare'],
  mount: ['mount', 'umount'],
  e2fsprogs: ['mkfs.ext4', 'chattr'],
};

function fail(message) {
  console.error(`test:faults: ${message}`);
  process.exit(2);
}

const folders = (process.env.PATH ?? '').split(delimiter);
const isThere = (command) => folders.some((folder) => existsSync(join(folder, command)));
for (const command of Object.values(needs).flat()) {
  if (isThere(command)) continue;
  fail(`${command} is not there: apt-get install ${Object.keys(needs).join(' ')}`);
}
if (process.getuid?.() !== 0) fail('it makes networks and mounts file systems: run it as root');

const directory = mkdtempSync(join(tmpdir(), 'gan-train-faults-'));
const times = join(directory, 'times');
// ip and iptables keep names and locks below /run.
const begin = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"';
const vitest = [process.execPath, join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'faults'];
const apart = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const { status } = spawnSync(
  'unshare',
  [...apart, 'sh', '-c', begin, 'sh', ...vitest, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, GAN_TRAIN_FAULT_TIMES: times } },
);
if (existsSync(times)) tellTimes(readFileSync(times, 'utf8'));
rmSync(directory, { recursive: true, force: true });
process.exit(status ?? 1);

function tellTimes(lines) {
  const seconds = (ms) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);
  const rows = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ fault, noticedMs, nextStepMs }) => [fault, seconds(noticedMs), seconds(nextStepMs)]);
  const table = [['fault', 'noticed after', 'next step after'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  '));
}
