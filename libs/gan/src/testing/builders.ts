/** What the tests of this package start from. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { NetworkLayout } from '../layout.js';
import { createGan, type Gan } from '../model.js';
import { initialWeights } from '../initial.js';
import type { ModelOptions } from '../presets.js';
import { fillGaussian, fillUniform, purposes } from '../random.js';
import type { ReferenceWeights } from './reference.js';

/** Makes TensorFlow.js' plain JavaScript backend, which needs nothing, the current one. */
export async function useCpuBackend(): Promise<void> {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
}

/** A model small enough for naive loops, with at least three tensors a network. */
export function smallOptions(changes: Partial<ModelOptions> = {}): ModelOptions {
  const preset = changes.preset ?? 'dcgan';
  return {
    preset,
    size: preset === 'seed' ? 16 : 20,
    channels: 1,
    width: 3,
    latentDim: 7,
    batchNorm: preset === 'dcgan',
    ...changes,
  };
}

/** A network's initial weights, moved off their special values: no bias is 0, no gradient is tiny. */
export function variedWeights(gan: Gan, network: 'generator' | 'discriminator', seed: number): Float32Array {
  const weights = initialWeights(gan, network, seed);
  const moves = new Float32Array(weights.length);
  fillGaussian(moves, seed, { purpose: purposes.probe, item: 0, step: 0 }, 0, 0.1);
  return weights.map((weight, i) => weight + moves[i]!);
}

/** Random images in -1..1, [count, size, size, channels]. */
export function randomImages({ size, channels }: ModelOptions, count: number, seed: number): Float32Array {
  const images = new Float32Array(count * size * size * channels);
  fillUniform(images, seed, { purpose: purposes.probe, item: 1, step: 0 }, -1, 1);
  return images;
}

export function createSmallGan(changes: Partial<ModelOptions> = {}): Gan {
  return createGan(smallOptions(changes));
}

/** A flat buffer's tensors by name. */
export function tensorsByName(layout: NetworkLayout, buffer: Float32Array): ReferenceWeights {
  return Object.fromEntries(
    [...layout.trainable, ...layout.running].map(({ name, shape, offset, length }) => [
      name,
      { shape, data: buffer.slice(offset, offset + length) },
    ]),
  );
}

/** max|a - b| / max|b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return difference / largest;
}
