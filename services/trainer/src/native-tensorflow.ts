import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { NativeFacts } from './native-search.js';

const require = createRequire(import.meta.url);

/**
 * Loads a native package into this process, where it becomes the backend `tensorflow`.
 * Throws when it doesn't load, or when it is made for another TensorFlow.js.
 *
 * @param entry the package's folder
 * @param threads for its operators; TensorFlow reads that once, when it is loaded
 */
export function requireNativeTensorflow(entry: string, threads: number): NativeFacts {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = '1';
  process.env.TF_DETERMINISTIC_OPS = '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  // Else a process takes a GPU's whole memory, and the next trainer, or only its probe, finds none.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // Node 23 removed a function that tfjs-node 4.22 calls for every tensor.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // Silences the cpu backend's banner, which the native package would bring along.
  tf.env().set('PROD', true);
  shareOurPackages(entry);
  require(entry);
  if (tf.getBackend() !== 'tensorflow') throw new Error("it doesn't register the backend tensorflow");
  mendRound();
  const { binding } = tf.backend() as unknown as {
    binding: { TF_Version: string; isUsingGpuDevice(): boolean };
  };
  return { tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}

/**
 * Has a native package get our copies of the packages that kernels and layers are registered with. Its folder has copies of
 * its own when it isn't npm's that lies beside ours, and one process must have one. Done when it is loaded, so it holds
 * wherever either was moved to.
 */
function shareOurPackages(entry: string): void {
  const theirs = createRequire(join(entry, 'package.json'));
  // What tfjs-node itself asks for, it may find elsewhere than TensorFlow.js' union package does.
  const union = pathIn(theirs, '@tensorflow/tfjs');
  const askers = union === undefined ? [theirs] : [theirs, createRequire(union)];
  const models = createRequire(require.resolve('@gan-train/gan'));
  for (const [name, ours] of [
    ['@tensorflow/tfjs-core', require],
    ['@tensorflow/tfjs-backend-cpu', require],
    ['@tensorflow/tfjs-layers', models],
  ] as const) {
    const path = ours.resolve(name);
    for (const asker of askers) {
      const other = pathIn(asker, name);
      if (other === undefined || other === path) continue;
      const [has, needs] = [ours, asker].map((from) => versionIn(from, name));
      if (has !== needs) throw new Error(`it is made for ${name} ${needs}, and gan-train has ${has}`);
      ours(name);
      require.cache[other] = require.cache[path];
    }
  }
}

/** From TensorFlow 2.17.1 on, rounding int32 by the C API gives zeros; a whole number is its own rounding. */
function mendRound(): void {
  const round = tf.getKernel('Round', 'tensorflow');
  const { kernelFunc: identity } = tf.getKernel('Identity', 'tensorflow');
  tf.unregisterKernel('Round', 'tensorflow');
  tf.registerKernel({
    ...round,
    kernelFunc: (call) => (call.inputs.x?.dtype === 'int32' ? identity(call) : round.kernelFunc(call)),
  });
}

function pathIn(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

const versionIn = (from: NodeJS.Require, name: string): string =>
  (from(`${name}/package.json`) as { version: string }).version;
