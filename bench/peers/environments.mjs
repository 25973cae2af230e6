// The peers' virtual environments, made once below .cache/peers and used again while the packages asked for stay the same.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory, requireTools, run } from '../../scripts/made-directory.mjs';

/**
 * What is measured, pinned. PyPI's torch for Linux brings CUDA along (5 GB) though only the CPU is used; pip's own settings (PIP_EXTRA_INDEX_URL,
 * PIP_CONSTRAINT) can give it the CPU build of the same version.
 */
const packages = {
  pytorch: ['torch==2.15.0', 'numpy==2.3.5'],
  tensorflow: ['tensorflow-cpu==2.21.0', 'tf_keras==2.21.0', 'numpy==2.3.5'],
};

const cache = fileURLToPath(new URL('../../.cache/peers', import.meta.url));

/**
 * The python of one environment, which is made when it isn't there; needs python3 with venv and pip.
 *
 * @param name 'pytorch' or 'tensorflow'
 */
export function pythonOfEnvironment(name) {
  requireTools('python3');
  const python = execFileSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], {
    encoding: 'utf8',
  });
  const directory = makeDirectory(
    join(cache, name),
    { packages: packages[name], python: python.trim() },
    (made) => {
      run(`${name}: virtual environment`, 'python3', ['-m', 'venv', made]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
      run(`${name}: pip install ${packages[name].join(' ')}`, join(made, 'bin/python'), [
        ...pip,
        ...packages[name],
      ]);
    },
  );
  return join(directory, 'bin/python');
}
