// Makes a native @tensorflow/tfjs-node from npm and PyPI alone, for `--engine tensorflow` on a CPU:
//
//   node scripts/native-tfjs-node.mjs [DIR] [--tensorflow 2.16.2]
//   GAN_TRAIN_TFJS_NODE=DIR npx gan-train train --engine tensorflow
//
// The package's own installer downloads TensorFlow 2.9 from a host of its own. Here the addon's source comes from npm and is
// compiled against the C API of a newer TensorFlow, whose libraries are in PyPI's wheel. Our tfjs-core takes the place of the
// one that npm would install with it: kernels are registered there, and there must be one registry in a process.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

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

/**
 * The directory of a native tfjs-node, made when it isn't there. It is made beside its place and renamed, so a directory of
 * this name is whole.
 */
export function makeNativeTfjsNode({
  directory = join(root, '.cache/tfjs-node'),
  tensorflow = defaultTensorflow,
} = {}) {
  const place = resolve(directory);
  const core = packageFile('@tensorflow/tfjs-core');
  const stamp = JSON.stringify({ tfjs: JSON.parse(readFileSync(core, 'utf8')).version, tensorflow });
  const stampFile = join(place, 'native.json');
  const isWhole = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isWhole()) return place;
  if (existsSync(place) && !existsSync(stampFile)) {
    throw new Error(`${place} exists and is not a native tfjs-node: give another directory`);
  }
  checkNeeds();
  mkdirSync(dirname(place), { recursive: true });
  const scratch = mkdtempSync(`${place}.`);
  try {
    const made = join(scratch, 'made');
    mkdirSync(made);
    fill(made, place, scratch, JSON.parse(stamp));
    writeFileSync(join(made, 'native.json'), stamp);
    if (existsSync(place)) renameSync(place, join(scratch, 'before'));
    renameSync(made, place);
  } catch (error) {
    // Another process may have been faster: the same content.
    if (!isWhole()) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return place;
}

function checkNeeds() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `a native tfjs-node is made on Linux x64 only, not on ${process.platform} ${process.arch}`,
    );
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const tool of ['npm', 'python3', 'g++']) {
    if (!folders.some((folder) => existsSync(join(folder, tool))))
      throw new Error(`${tool} is missing: install it`);
  }
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) {
    throw new Error("python3's pip is missing: install it (python3-pip)");
  }
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

function run(what, file, args) {
  console.error(`native tfjs-node: ${what}`);
  const result = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
  throw new Error(`${what} failed`);
}

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
