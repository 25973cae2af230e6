import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { GanTrainError } from '@gan-train/service';

export type EngineName = 'tensorflow' | 'onnx' | 'cpu';

/** An engine and what identifies its arithmetic: two that differ here may differ in the last bit of a sum. */
export interface Engine {
  name: EngineName;
  identity: string;
}

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** The native packages, the preferred first; a user installs one, or none. */
const nativePackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const nativeCheckMs = 60_000;

/** Engines that load in this process, the preferred first. */
export async function loadableEngines(): Promise<Engine[]> {
  const native = await findNative();
  const engines: Engine[] = native === undefined ? [] : [native.engine];
  const { kernelRulesVersion } = await import('@gan-train/tfjs-backend-onnx');
  const runtime = versionOf('onnxruntime-node');
  engines.push({
    name: 'onnx',
    identity: `onnxruntime ${runtime} rules ${kernelRulesVersion} tfjs ${tf.version_core}`,
  });
  engines.push({ name: 'cpu', identity: `tfjs-backend-cpu ${versionOf('@tensorflow/tfjs-backend-cpu')}` });
  return engines;
}

/**
 * Makes an engine TensorFlow.js' backend in this process, with `threads` for its operators.
 * Throws `engine_missing` when it isn't installed or doesn't load.
 */
export async function loadEngine(name: EngineName, threads: number): Promise<Engine> {
  // Silences the cpu backend's banner.
  tf.env().set('PROD', true);
  if (threads > availableParallelism()) {
    const what = `${threads} threads are asked for and this machine has ${availableParallelism()} CPUs`;
    throw new GanTrainError('bad_config', what, 'give fewer --threads');
  }
  switch (name) {
    case 'tensorflow':
      return loadNative(threads);
    case 'onnx': {
      const { registerOnnxBackend } = await import('@gan-train/tfjs-backend-onnx');
      if (tf.findBackendFactory('onnx') === null) registerOnnxBackend({ threads });
      break;
    }
    case 'cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      break;
  }
  if (!(await tf.setBackend(name)))
    throw new GanTrainError('engine_missing', `engine ${name} does not start`);
  const engine = (await loadableEngines()).find((candidate) => candidate.name === name);
  return engine as Engine;
}

/** The engine that `auto` or a name means here. */
export async function resolveEngine(asked: EngineName | 'auto'): Promise<EngineName> {
  return asked === 'auto' ? ((await loadableEngines())[0] as Engine).name : asked;
}

/** Tensors alive, for the metrics and for the tests that look for leaks. */
export const tensorCount = (): number => tf.memory().numTensors;

interface Native {
  package: string;
  engine: Engine;
}

let foundNative: Promise<Native | undefined> | undefined;

/** The first native package that loads; tried in a process of its own, since a broken one can take its process along. */
async function findNative(): Promise<Native | undefined> {
  foundNative ??= (async () => {
    for (const name of nativePackages) {
      if (!isInstalled(name)) continue;
      const script = `const tf = require(${JSON.stringify(require.resolve(name))}); console.log('TensorFlow', tf.backend().binding.TF_Version);`;
      try {
        const { stdout } = await run(process.execPath, ['-e', script], { timeout: nativeCheckMs });
        const version = stdout.trim().split('\n').at(-1) ?? '';
        return {
          package: name,
          engine: { name: 'tensorflow', identity: `${version} tfjs-node ${versionOf(name)}` },
        };
      } catch {
        // Installed and not loading: the next one, and an explicit --engine tensorflow says why.
      }
    }
    return undefined;
  })();
  return foundNative;
}

async function loadNative(threads: number): Promise<Engine> {
  const native = await findNative();
  if (native === undefined) {
    const installed = nativePackages.find(isInstalled);
    throw new GanTrainError(
      'engine_missing',
      installed === undefined
        ? `engine tensorflow needs ${nativePackages.join(' or ')}, and none is installed`
        : `${installed} is installed and does not load (try: node -e "require('${installed}')")`,
      'install one beside gan-train (README, Engines), or use --engine onnx',
    );
  }
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = '1';
  process.env.TF_DETERMINISTIC_OPS = '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  require(native.package);
  if (!(await tf.setBackend('tensorflow'))) {
    const what = `${native.package} brings another copy of @tensorflow/tfjs-core than ${tf.version_core}`;
    throw new GanTrainError('engine_missing', what, `install ${native.package}@${tf.version_core}`);
  }
  return native.engine;
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
