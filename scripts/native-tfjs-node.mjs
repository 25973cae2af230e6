// Makes a native @tensorflow/tfjs-node from npm and PyPI alone, for `--engine tensorflow` on a CPU:
//
//   node scripts/native-tfjs-node.mjs [DIR] [--tensorflow 2.16.2]
//   GAN_TRAIN_TFJS_NODE=DIR npx gan-train train --engine tensorflow
//
// The package's own installer downloads TensorFlow 2.9 from a host of its own. Here the addon's source comes from npm and is
// compiled against the C API of a newer TensorFlow, whose libraries are in PyPI's wheel. Our tfjs-core takes the place of the
// one that npm would install with it: kernels are registered there, and there must be one registry in a process.
import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeDirectory, requireTools, run } from './made-directory.mjs';

/** From 2.17.1 on `tf.round` of int32 returns zeros through the C API that tfjs-node calls. */
const defaultTensorflow = '2.16.2';
/** The newest Node-API that tfjs-node names; every Node that we support has it. */
const napi = 8;

const root = fileURLToPath(new URL('..', import.meta.url));
const trainer = createRequire(join(root, 'services/trainer/package.json'));
const packageFile = (name) => {
  try {
    return trainer.resolve(`${name}/package.json`);
  } catch {
    throw new Error(`${name} is not installed: run npm ci first`);
  }
};

/** The directory of a native tfjs-node, made when it isn't there. */
export function makeNativeTfjsNode({
  directory = join(root, '.cache/tfjs-node'),
  tensorflow = defaultTensorflow,
} = {}) {
  const { version: tfjs } = JSON.parse(readFileSync(packageFile('@tensorflow/tfjs-core'), 'utf8'));
  return makeDirectory(directory, { tfjs, tensorflow }, (made, scratch) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new Error(`it is made on Linux x64 only, not on ${process.platform} ${process.arch}`);
    }
    requireTools('npm', 'python3', 'g++');
    fill(made, resolve(directory), scratch, { tfjs, tensorflow });
  });
}

function fill(made, place, scratch, { tfjs, tensorflow }) {
  run(`npm: @tensorflow/tfjs-node ${tfjs}`, 'npm', [
    'install',
    ...[
      '--prefix',
      made,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--loglevel=error',
    ],
    ...[`@tensorflow/tfjs-node@${tfjs}`, 'node-api-headers@1.9.0'],
  ]);
  for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu']) {
    const link = join('node_modules', name);
    rmSync(join(made, link), { recursive: true, force: true });
    // Relative to its place, not to where it is made, so that a project can be moved with its cache.
    symlinkSync(
      relative(dirname(join(place, link)), realpathSync(dirname(packageFile(name)))),
      join(made, link),
    );
  }

  // Its C++ libraries are the same for every Python, so the Python that runs here need not be one that has a wheel.
  const wheels = join(scratch, 'wheels');
  const platforms = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_27_x86_64'];
  run(`pip: tensorflow-cpu ${tensorflow}`, 'python3', [
    ...[
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
    ],
    ...['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311'],
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...['--dest', wheels, `tensorflow-cpu==${tensorflow}`],
  ]);
  const [wheel] = readdirSync(wheels);
  run('unpacking TensorFlow', 'python3', ['-c', unpack, join(wheels, wheel), scratch]);

  const addon = join(made, 'node_modules/@tensorflow/tfjs-node');
  const headers = join(made, 'node_modules/node-api-headers/include');
  const libraries = join(addon, 'deps/lib');
  mkdirSync(libraries, { recursive: true });
  mkdirSync(join(addon, `lib/napi-v${napi}`), { recursive: true });
  const names = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  for (const name of names) renameSync(join(scratch, 'tensorflow', name), join(libraries, name));
  run('compiling the addon', 'g++', [
    ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', `-DNAPI_VERSION=${napi}`],
    ...['-I', join(scratch, 'tensorflow/include'), '-I', headers],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((source) => join(addon, 'binding', source)),
    ...['-L', libraries, ...names.map((name) => `-l:${name}`), '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ...['-o', join(addon, `lib/napi-v${napi}/tfjs_binding.node`)],
  ]);
}

/** Of the wheel's 10,000 files: the libraries, and the headers that the C API includes. */
const unpack = `
import re, sys, zipfile
wanted = re.compile(r'tensorflow/(libtensorflow_(cc|framework)\\.so\\.2$|include/(.*/ctstring|tensorflow/c/|(xla/)?tsl/c/))')
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if wanted.match(name)])
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values, positionals } = parseArgs({
      options: { tensorflow: { type: 'string' } },
      allowPositionals: true,
    });
    console.log(makeNativeTfjsNode({ directory: positionals[0], tensorflow: values.tensorflow }));
  } catch (error) {
    console.error(`native tfjs-node: ${error.message}`);
    process.exit(2);
  }
}
