import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { GanTrainError } from '@gan-train/service';
import { findTensorflow, requireOnnxProvider, requireTensorflow } from './engine-check.js';
import { cpuEngine, onnxEngine, type Engine } from './engine-identity.js';
import type { EngineName } from './engine-settings.js';
import { requireNativeTensorflow } from './native-tensorflow.js';

export type { Engine, EngineName };

/** Engines that load in this process, the preferred first. Throws `bad_config` when the environment names an unusable one. */
export async function loadableEngines(): Promise<[Engine, ...Engine[]]> {
  const native = await findTensorflow();
  const onnx = await onnxEngine(await requireOnnxProvider());
  return native === undefined
    ? [onnx, cpuEngine()]
    : [{ name: 'tensorflow', identity: native.identity }, onnx, cpuEngine()];
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
    case 'tensorflow': {
      const { candidate } = await requireTensorflow();
      requireNativeTensorflow(candidate.entry, threads);
      break;
    }
    case 'onnx': {
      const { registerOnnxBackend } = await import('@gan-train/tfjs-backend-onnx');
      const executionProvider = await requireOnnxProvider();
      if (tf.findBackendFactory('onnx') === null) registerOnnxBackend({ threads, executionProvider });
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
