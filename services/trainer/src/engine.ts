import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { GanTrainError } from '@gan-train/service';
import {
  findNativeTensorflow,
  requireNativeTensorflow,
  type NativeSearch,
  type NativeTensorflow,
} from './native-tensorflow.js';

export type EngineName = 'tensorflow' | 'onnx' | 'cpu';

/** An engine and what identifies its arithmetic: two that differ here may differ in the last bit of a sum. */
export interface Engine {
  name: EngineName;
  identity: string;
}

const require = createRequire(import.meta.url);

/** Engines that load in this process, the preferred first. */
export async function loadableEngines(): Promise<[Engine, ...Engine[]]> {
  const { kernelRulesVersion } = await import('@gan-train/tfjs-backend-onnx');
  const runtime = versionOf('onnxruntime-node');
  const onnx: Engine = {
    name: 'onnx',
    identity: `onnxruntime ${runtime} rules ${kernelRulesVersion} tfjs ${tf.version_core}`,
  };
  const cpu: Engine = {
    name: 'cpu',
    identity: `tfjs-backend-cpu ${versionOf('@tensorflow/tfjs-backend-cpu')}`,
  };
  const native = await searchNative();
  return 'found' in native
    ? [{ name: 'tensorflow', identity: native.found.identity }, onnx, cpu]
    : [onnx, cpu];
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
      await loadNative(threads);
      break;
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
  return asked === 'auto' ? (await loadableEngines())[0].name : asked;
}

/** Tensors alive, for the metrics and for the tests that look for leaks. */
export const tensorCount = (): number => tf.memory().numTensors;

async function loadNative(threads: number): Promise<void> {
  const { entry } = await requireTensorflow();
  requireNativeTensorflow(entry, threads);
}

/**
 * The native TensorFlow.js of this machine; it is not loaded into this process, so that one can ask before a run is made.
 * Throws `engine_missing`, with how to install it.
 */
export async function requireTensorflow(): Promise<NativeTensorflow> {
  const native = await searchNative();
  if ('missing' in native) {
    throw new GanTrainError(
      'engine_missing',
      `engine tensorflow: ${native.missing}`,
      'make one with node scripts/native-tfjs-node.mjs or install @tensorflow/tfjs-node (README, Engines), or use --engine onnx',
    );
  }
  return native.found;
}

let nativeSearch: Promise<NativeSearch> | undefined;

/** Once a process: it starts another one to find out. */
function searchNative(): Promise<NativeSearch> {
  nativeSearch ??= findNativeTensorflow(process.env.GAN_TRAIN_TFJS_NODE);
  return nativeSearch;
}

const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
