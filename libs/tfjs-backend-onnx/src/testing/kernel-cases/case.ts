/** Random calls of one kernel. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { numbers } from '../numbers.js';

export type Dtype = 'float32' | 'int32' | 'bool';

/** What the elements of a tensor are like. */
export const NUMBERS = {
  /** -1..1 */
  small: (x: number) => x,
  /** -6..6, with many exact zeros and halves */
  wide: (x: number) => Math.round(8 * x) * 0.75,
  /** 0.01..2 */
  positive: (x: number) => x + 1.01,
  /** -0.5..1.5: sums of these don't cancel out, so that their relative error says something */
  lopsided: (x: number) => x + 0.5,
  /** -3..3, so that many are equal */
  integers: (x: number) => Math.round(3 * x),
  /** 0 and 1 */
  bits: (x: number) => Number(x > 0),
  /** 0..4 */
  digits: (x: number) => Math.floor(2.5 * (x + 1)),
  /** The ends of what a number can be, and what is none */
  extremes: (x: number) => EXTREMES[Math.floor((x + 1) * 0.5 * EXTREMES.length)]!,
} as const;
const EXTREMES = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 3e38, 1e-30];

export type Kind = keyof typeof NUMBERS;

/**
 * How an input comes to be: data, a view of computed data, what a convolution's layout holds, a broadcast, or a constant. All
 * these are something else to the backend, and the same to the reference.
 */
export type Origin = 'data' | 'view' | 'channels first' | 'broadcast' | 'ones' | 'zeros';

export interface Input {
  readonly shape: number[];
  readonly dtype: Dtype;
  readonly kind: Kind;
  readonly seed: number;
  readonly origin: Origin;
}

/** A call of a kernel: its inputs, by name or as a list, and its attributes. */
export interface KernelCase {
  readonly inputs: Record<string, Input> | Input[];
  readonly attributes?: Record<string, unknown>;
}

export type KernelCases = Record<string, fc.Arbitrary<KernelCase>>;

export function makeInput({ shape, dtype, kind, seed, origin }: Input): tf.Tensor {
  const make = (size: number[]): tf.Tensor => {
    const values = Array.from(numbers(tf.util.sizeFromShape(size), seed), NUMBERS[kind]);
    return tf.tensor(values, size, dtype);
  };
  switch (origin) {
    case 'data':
      return make(shape);
    case 'view':
      return tf.reshape(tf.tile(make([tf.util.sizeFromShape(shape)]), [1]), shape);
    case 'channels first':
      // Pooling of single elements: the same numbers, and a convolution's layout.
      return tf.maxPool(make(shape) as tf.Tensor4D, 1, 1, 'valid');
    case 'broadcast': {
      const core = shape.map((dim, axis) => ((seed >> axis) & 1 ? dim : 1));
      return tf.mul(make(core), tf.ones(shape, dtype));
    }
    case 'ones':
      return tf.onesLike(make(shape));
    case 'zeros':
      return tf.zerosLike(make(shape));
  }
}

/** Sizes with 1 and odd numbers among them. */
export const dim = fc.constantFrom(1, 2, 3, 5);

/** At most 4 axes unless said, and at most 240 elements. */
export function shapes(minRank = 0, maxRank = 4): fc.Arbitrary<number[]> {
  return fc
    .array(dim, { minLength: minRank, maxLength: maxRank })
    .filter((shape) => tf.util.sizeFromShape(shape) <= 240);
}

const anySeed = fc.integer({ min: 1, max: 1_000_000 });

/** A tensor of that shape, of any origin that it can have. */
export function input(shape: number[], kind: Kind = 'small', dtype: Dtype = 'float32'): fc.Arbitrary<Input> {
  const origins: Origin[] = ['data', 'data', 'view', 'ones', 'zeros'];
  const isPlain = dtype === 'float32' && kind !== 'extremes';
  // An infinity times one is no matter, but TensorFlow.js multiplies no booleans.
  if (dtype !== 'bool') origins.push('broadcast');
  // Pooling drops what is not a number.
  if (isPlain && shape.length === 4) origins.push('channels first', 'channels first');
  const isPositive = kind === 'positive';
  const allowed = origins.filter((origin) => !(isPositive && origin === 'zeros'));
  return fc.record({
    shape: fc.constant(shape),
    dtype: fc.constant(dtype),
    kind: fc.constant(kind),
    seed: anySeed,
    origin: fc.constantFrom(...allowed),
  });
}

/** A shape that broadcasts to `shape`: some sizes are 1 instead, some leading axes are left out. */
export function broadcastable(shape: readonly number[]): fc.Arbitrary<number[]> {
  return fc
    .tuple(
      fc.nat({ max: shape.length }),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    )
    .map(([skipped, kept]) => shape.map((size, axis) => (kept[axis] ? size : 1)).slice(skipped));
}

/** An axis of a tensor of this rank, also counted from the end. */
export function axisOf(rank: number): fc.Arbitrary<number> {
  return fc.integer({ min: -rank, max: rank - 1 });
}
