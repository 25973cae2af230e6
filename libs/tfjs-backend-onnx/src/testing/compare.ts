/** Runs the same computation on two backends and compares all results. */
import * as tf from '@tensorflow/tfjs-core';
// TensorFlow.js's layers register the gradients of all kernels; its core alone does not.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import { tensor } from './numbers.js';

export type Results = Record<string, tf.Tensor>;

interface Outcome {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: Float32Array;
}

/** Runs `compute` on a backend, reads its results, and checks that it leaves no tensor behind. */
export async function runOn(backend: string, compute: () => Results): Promise<Map<string, Outcome>> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const outcomes = new Map<string, Outcome>();
  tf.tidy(() => {
    for (const [name, result] of Object.entries(compute())) {
      const values = Float32Array.from(result.dataSync());
      outcomes.set(name, { shape: result.shape, dtype: result.dtype, values });
    }
  });
  expect(tf.memory().numTensors, `tensors of ${backend} after the computation`).toBe(before);
  return outcomes;
}

/** Largest difference, relative to the largest magnitude of the reference. */
export function relativeError(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < reference.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - reference[i]!));
    magnitude = Math.max(magnitude, Math.abs(reference[i]!));
  }
  return difference === 0 ? 0 : difference / magnitude;
}

/** Checks that a backend computes what TensorFlow.js's JavaScript backend does. */
export async function expectAgreement(
  backend: string,
  compute: () => Results,
  tolerance = 1e-5,
): Promise<void> {
  const reference = await runOn('cpu', compute);
  const actual = await runOn(backend, compute);
  expect([...actual.keys()]).toEqual([...reference.keys()]);
  for (const [name, expected] of reference) {
    const { shape, dtype, values } = actual.get(name)!;
    expect({ name, shape, dtype }).toEqual({ name, shape: expected.shape, dtype: expected.dtype });
    expect(expected.values.every(Number.isFinite), `${name} is finite`).toBe(true);
    expect(relativeError(values, expected.values), `error of ${name}`).toBeLessThanOrEqual(tolerance);
  }
}

/** Gradients of f at xs for a fixed, uneven output gradient, and the output itself. */
export function outputAndGradients(
  f: (...xs: tf.Tensor[]) => tf.Tensor,
  xs: tf.Tensor[],
  seed = 99,
): Results {
  const y = f(...xs);
  const gradients = tf.grads(f)(xs, tensor(y.shape, seed));
  return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])) };
}
