// `npm run test:e2e [file]`: a real Prometheus scrapes a real run, and is asked what the dashboards and alert rules ask.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** By Debian's package. */
const needs = { prometheus: ['prometheus', 'promtool'] };

const folders = (process.env.PATH ?? '').split(delimiter);
const isThere = (command) => folders.some((folder) => existsSync(join(folder, command)));
for (const command of Object.values(needs).flat()) {
  if (isThere(command)) continue;
  console.error(`test:e2e: ${command} is not there: apt-get install ${Object.keys(needs).join(' ')}`);
  process.exit(2);
}

const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'e2e'];
const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
