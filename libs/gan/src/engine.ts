/** Helpers about TensorFlow.js itself. */
import * as tf from '@tensorflow/tfjs-core';

/** What a lazy backend offers beside TensorFlow.js' own interface. */
interface LazyBackend {
  flush?: () => void;
  /** Milliseconds spent in running graphs since the backend was made. */
  stats?: { runMs: number };
}

/** A lazy backend computes all that is pending, as one graph; any other has nothing to do. */
export function flushEngine(): void {
  (tf.backend() as LazyBackend).flush?.();
}

/** Milliseconds that a lazy backend has spent in running graphs; undefined for any other, which runs kernels as they are called. */
export function engineRunMs(): number | undefined {
  return (tf.backend() as LazyBackend).stats?.runMs;
}

/** [n, ...shape], with n from the number of values. */
export function tensorOfItems(values: Float32Array, shape: number[]): tf.Tensor {
  const itemLength = shape.reduce((total, size) => total * size, 1);
  if (values.length === 0 || values.length % itemLength !== 0) {
    throw new Error(`${values.length} values are not a whole number of items of ${shape.join(' x ')}`);
  }
  return tf.tensor(values, [values.length / itemLength, ...shape]);
}

/**
 * An operation on `inputs` with a gradient of its own.
 *
 * @param compute returns the value, and a function that makes the gradients with respect to `inputs`, in their order,
 *   from the value's gradient and the tensors that were given to `save`
 */
export function withGradient(
  inputs: tf.Tensor[],
  compute: (save: (tensors: tf.Tensor[]) => void) => {
    value: tf.Tensor;
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
  },
): tf.Tensor {
  // TensorFlow.js passes the inputs, which are at hand, and then its function that saves.
  return tf.customGrad((...args) => compute(args.at(-1) as (tensors: tf.Tensor[]) => void))(...inputs);
}
