/** Element-wise operations, reductions and matrix products, with their gradients. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectAgreement, outputAndGradients, runOn } from './compare.js';
import type { Results } from './compare.js';
import { tensor } from './numbers.js';

type Unary = (x: tf.Tensor) => tf.Tensor;

/** Operations of any number; the tensor holds 0, large and small ones. */
const UNARY: Readonly<Record<string, Unary>> = {
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.3),
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  softplus: (x) => tf.softplus(x),
  exp: (x) => tf.exp(x),
  square: (x) => tf.square(x),
  abs: (x) => tf.abs(x),
  neg: (x) => tf.neg(x),
  erf: (x) => tf.erf(x),
  clipByValue: (x) => tf.clipByValue(x, -0.5, 0.25),
  step: (x) => tf.step(x, 0.2),
  'step from -1': (x) => tf.step(x, -1),
  'step from 2': (x) => tf.step(x, 2),
  sign: (x) => tf.sign(x),
  floor: (x) => tf.floor(x),
  ceil: (x) => tf.ceil(x),
  round: (x) => tf.round(x),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
};

/** Operations of positive numbers. */
const POSITIVE: Readonly<Record<string, Unary>> = {
  log: (x) => tf.log(x),
  log1p: (x) => tf.log1p(x),
  sqrt: (x) => tf.sqrt(x),
  rsqrt: (x) => tf.rsqrt(x),
  reciprocal: (x) => tf.reciprocal(x),
};

const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  maximum: (a, b) => tf.maximum(a, b),
  minimum: (a, b) => tf.minimum(a, b),
  squaredDifference: (a, b) => tf.squaredDifference(a, b),
  pow: (a, b) => tf.pow(tf.abs(a), b),
};

/** TensorFlow.js's gradients of these take no broadcasting. */
const NO_BROADCAST_GRADIENT: ReadonlySet<string> = new Set(['maximum', 'minimum', 'squaredDifference']);

/** With exact zeros, and beyond the range where sigmoids are flat. */
function wide(shape: number[]): tf.Tensor {
  return tf.mul(tf.round(tf.mul(tensor(shape), 8)), 0.75);
}

function positive(shape: number[], seed = 1): tf.Tensor {
  return tf.add(tf.abs(tensor(shape, seed)), 0.01);
}

function filter(channels: number): tf.Tensor4D {
  return tensor([3, 3, channels, channels], 5) as tf.Tensor4D;
}

/** A tensor that a lazy engine has in its convolutions' layout. */
function convolved(shape: number[], seed = 1): tf.Tensor {
  return tf.conv2d(tensor(shape, seed) as tf.Tensor4D, filter(shape[3]!), 1, 'same');
}

export function describeElementwise(backend: string): void {
  describe('element-wise operations', () => {
    it.each(Object.entries(UNARY))('agrees on %s and its gradient', async (_, f) => {
      await expectAgreement(backend, () => outputAndGradients(f, [wide([5, 7])]));
    });

    it.each(Object.entries(POSITIVE))('agrees on %s and its gradient', async (_, f) => {
      await expectAgreement(backend, () => outputAndGradients(f, [positive([5, 7])]));
    });

    it('keeps log1p exact near 0', async () => {
      await expectAgreement(backend, () => ({ y: tf.log1p(tf.tensor1d([1e-8, -1e-8, 3e-9, 0])) }));
    });

    it.each(Object.entries(BINARY))('agrees on %s, with broadcasting, and its gradients', async (name, f) => {
      const same = [3, 4];
      await expectAgreement(backend, () => outputAndGradients(f, [tensor(same), positive(same, 2)]));
      const pairs: [number[], number[]][] = [
        [[2, 3, 4], [4]],
        [[], [3, 2]],
        [[3, 1], [2, 1, 5]], // prettier-ignore
      ];
      for (const [a, b] of pairs) {
        await expectAgreement(backend, () => {
          const operands = [tensor(a), positive(b, 2)] as const;
          return NO_BROADCAST_GRADIENT.has(name)
            ? { y: f(...operands) }
            : outputAndGradients(f, [...operands]);
        });
      }
    });

    it('agrees on a convolution broadcast with vectors, planes and scalars', async () => {
      await expectAgreement(backend, () => {
        const x = convolved([2, 4, 5, 3]);
        return {
          channels: tf.mul(x, tensor([3], 2)),
          plane: tf.sub(tensor([4, 5, 1], 2), x),
          item: tf.add(x, tensor([2, 1, 1, 3], 2)),
          scalar: tf.div(x, tf.scalar(3)),
          whole: tf.maximum(x, tensor([2, 4, 5, 3], 2)),
          grown: tf.add(tensor([2, 1, 5, 1], 2), tensor([3], 3)),
        };
      });
    });

    it('agrees on comparisons, logic, choice and casts', async () => {
      await expectAgreement(backend, () => {
        const a = tf.round(tf.mul(tensor([4, 6]), 2));
        const b = tf.round(tf.mul(tensor([6], 2), 2));
        const greater = tf.greater(a, b);
        const less = tf.lessEqual(a, b);
        return {
          greater,
          less,
          greaterEqual: tf.greaterEqual(a, b),
          lessStrict: tf.less(a, b),
          equal: tf.equal(a, b),
          notEqual: tf.notEqual(a, b),
          and: tf.logicalAnd(greater, tf.logicalNot(less)),
          or: tf.logicalOr(greater, less),
          xor: tf.logicalXor(greater, less),
          where: tf.where(greater, a, tf.zerosLike(a)),
          any: tf.any(greater, 1),
          all: tf.all(less, 0),
          int: tf.add(tf.cast(a, 'int32'), tf.scalar(3, 'int32')),
          float: tf.cast(greater, 'float32'),
          bool: tf.cast(a, 'bool'),
          total: tf.sum(tf.cast(greater, 'int32')),
          finite: tf.isFinite(tf.div(a, b)),
          isNaN: tf.isNaN(tf.div(a, b)),
        };
      });
    });

    it('lets what is not a number through to the loss', async () => {
      const results = await runOn(backend, (): Results => {
        const x = tf.mul(tensor([1, 8, 8, 2]), tf.scalar(NaN));
        const features = tf.relu(tf.leakyRelu(tf.conv2d(x as tf.Tensor4D, filter(2), 1, 'same'), 0.2));
        return {
          loss: tf.mean(tf.softplus(tf.sum(tf.tanh(features)))),
          infinite: tf.sum(tf.exp(tf.tensor1d([1000]))),
        };
      });
      expect(results.get('loss')!.values[0]).toBeNaN();
      expect(results.get('infinite')!.values[0]).toBe(Infinity);
    });
  });

  describe('reductions', () => {
    it.each([
      { axes: [0, 1, 2] },
      { axes: [1, 2] },
      { axes: [3] },
      { axes: [0] },
      { axes: [0, 3] },
      { axes: [2, 3] },
      { axes: undefined },
    ])('agrees on sums, means and extremes over axes $axes', async ({ axes }) => {
      for (const keepDims of [false, true]) {
        for (const make of [tensor, convolved]) {
          await expectAgreement(backend, () => {
            const x = make([2, 3, 4, 5]);
            return {
              sum: tf.sum(x, axes, keepDims),
              mean: tf.mean(x, axes, keepDims),
              max: tf.max(x, axes, keepDims),
              min: tf.min(x, axes, keepDims),
              // A product of few, so that its rounding errors stay few.
              prod: tf.prod(x, axes?.slice(0, 1) ?? [1], keepDims),
            };
          });
        }
      }
    });

    it('agrees on the gradients of sum, mean, max and moments', async () => {
      const shape = [2, 3, 4, 5];
      await expectAgreement(backend, () => ({
        sum: tf.grad((x) => tf.sum(x, [0, 1, 2]))(tensor(shape), tensor([5], 2)),
        mean: tf.grad((x) => tf.mean(x, [1, 2], true))(convolved(shape), tensor([2, 1, 1, 5], 2)),
        max: tf.grad((x) => tf.max(x, 1))(tensor(shape), tensor([2, 4, 5], 2)),
        variance: tf.grad((x) => tf.moments(x, [0, 1, 2]).variance)(convolved(shape), tensor([5], 2)),
      }));
    });

    it('agrees on sums of many numbers', async () => {
      await expectAgreement(backend, () => ({
        all: tf.sum(positive([70, 300])),
        rows: tf.mean(positive([7, 3000]), 1),
        columns: tf.mean(positive([3000, 7]), 0),
      }));
    });
  });

  describe('matrix products', () => {
    it.each([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ])('agrees with a transposed: %s, b transposed: %s', async (transposeA, transposeB) => {
      const matrix = (rows: number, columns: number, transposed: boolean): number[] =>
        transposed ? [columns, rows] : [rows, columns];
      const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b, transposeA, transposeB);
      for (const [m, k, n] of [
        [3, 5, 4],
        [1, 17, 2],
        [33, 64, 1],
      ] as const) {
        await expectAgreement(backend, () =>
          outputAndGradients(product, [
            tensor(matrix(m, k, transposeA)),
            tensor(matrix(k, n, transposeB), 2),
          ]),
        );
      }
      await expectAgreement(backend, () =>
        outputAndGradients(product, [
          tensor([3, ...matrix(2, 5, transposeA)]),
          tensor([3, ...matrix(5, 4, transposeB)], 2),
        ]),
      );
    });
  });
}
