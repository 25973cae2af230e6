/** Convolutions, their gradients, and pooling. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { expectAgreement, outputAndGradients } from './compare.js';
import { tensor } from './numbers.js';

interface ConvCase {
  readonly input: [number, number];
  readonly filter: [number, number];
  readonly channels: [number, number];
  readonly strides: number | [number, number];
  /** Not a number: native tfjs-node takes none. backend.spec.ts has that case. */
  readonly pad: 'same' | 'valid';
}

const CONV_CASES: readonly ConvCase[] = [
  { input: [7, 9], filter: [5, 5], channels: [3, 17], strides: 1, pad: 'same' },
  { input: [8, 8], filter: [5, 5], channels: [17, 4], strides: 2, pad: 'same' },
  { input: [7, 9], filter: [5, 5], channels: [1, 5], strides: 2, pad: 'same' },
  { input: [9, 6], filter: [4, 4], channels: [2, 3], strides: 1, pad: 'same' },
  { input: [8, 9], filter: [3, 3], channels: [4, 1], strides: 2, pad: 'valid' },
  { input: [10, 7], filter: [3, 2], channels: [5, 6], strides: 1, pad: 'valid' },
  { input: [9, 11], filter: [5, 3], channels: [3, 2], strides: [2, 3], pad: 'valid' },
  { input: [5, 5], filter: [5, 5], channels: [6, 7], strides: 1, pad: 'valid' },
  { input: [6, 7], filter: [1, 1], channels: [9, 8], strides: 1, pad: 'same' },
  { input: [6, 7], filter: [1, 1], channels: [2, 3], strides: 2, pad: 'same' },
];

const TRANSPOSE_CASES: readonly ConvCase[] = [
  { input: [4, 3], filter: [5, 5], channels: [17, 3], strides: 2, pad: 'same' },
  { input: [7, 7], filter: [5, 5], channels: [4, 1], strides: 2, pad: 'same' },
  { input: [5, 4], filter: [4, 4], channels: [2, 5], strides: 2, pad: 'same' },
  { input: [5, 4], filter: [3, 3], channels: [3, 2], strides: 1, pad: 'same' },
  { input: [3, 4], filter: [3, 2], channels: [3, 2], strides: 2, pad: 'valid' },
];

export function describeConvolutions(backend: string): void {
  describe('convolutions', () => {
    it.each(CONV_CASES)(
      'agrees on conv2d and its gradients: $input x $channels, filter $filter, strides $strides, pad $pad',
      async ({ input, filter, channels: [from, to], strides, pad }) => {
        await expectAgreement(backend, () =>
          outputAndGradients(
            (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad),
            [tensor([2, ...input, from], 1), tensor([...filter, from, to], 2)],
          ),
        );
      },
    );

    it.each(TRANSPOSE_CASES)(
      'agrees on conv2dTranspose and its gradients: $input x $channels, filter $filter, strides $strides, pad $pad',
      async ({ input, filter, channels: [from, to], strides, pad }) => {
        const stride = strides as number;
        const output = input.map((size, axis) =>
          pad === 'same' ? size * stride : (size - 1) * stride + filter[axis]!,
        ) as [number, number];
        await expectAgreement(backend, () =>
          outputAndGradients(
            (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, ...output, to], stride, pad),
            [tensor([2, ...input, from], 1), tensor([...filter, to, from], 2)],
          ),
        );
      },
    );

    it('agrees on a dilated convolution', async () => {
      await expectAgreement(backend, () => ({
        y: tf.conv2d(
          tensor([2, 9, 9, 3]) as tf.Tensor4D,
          tensor([3, 3, 3, 4], 2) as tf.Tensor4D,
          1,
          'same',
          'NHWC',
          2,
        ),
      }));
    });

    it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const)(
      'agrees on fused conv2d and matMul with bias and %s',
      async (activation) => {
        await expectAgreement(backend, () => ({
          conv: tf.fused.conv2d({
            x: tensor([2, 6, 5, 3]) as tf.Tensor4D,
            filter: tensor([3, 3, 3, 4], 2) as tf.Tensor4D,
            strides: 1,
            pad: 'same',
            bias: tensor([4], 3),
            activation,
            leakyreluAlpha: 0.3,
          }),
          product: tf.fused.matMul({
            a: tensor([3, 5]),
            b: tensor([5, 4], 2),
            bias: tensor([4], 3),
            activation,
            leakyreluAlpha: 0.3,
          }),
        }));
      },
    );
  });

  describe('pooling', () => {
    // Three different values, so that nearly every window has several maxima.
    const withTies = (shape: number[]): tf.Tensor => tf.round(tensor(shape));

    it.each([
      { size: 2, strides: 2, pad: 'same' as const, shape: [2, 6, 8, 3] },
      { size: 2, strides: 2, pad: 'same' as const, shape: [2, 5, 7, 3] },
      { size: 3, strides: 2, pad: 'same' as const, shape: [2, 7, 6, 4] },
      { size: 3, strides: 1, pad: 'valid' as const, shape: [1, 5, 6, 2] },
      { size: 2, strides: 3, pad: 'valid' as const, shape: [2, 8, 7, 1] },
    ])('gives the gradient of max pooling $size / $strides to the first of equal maxima', async (c) => {
      const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, c.size, c.strides, c.pad);
      await expectAgreement(backend, () => outputAndGradients(pool, [withTies(c.shape)]));
      await expectAgreement(backend, () => outputAndGradients(pool, [tensor(c.shape)]));
    });

    it('agrees on average pooling and its gradient', async () => {
      const pool = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid');
      await expectAgreement(backend, () => outputAndGradients(pool, [tensor([2, 6, 7, 3])]));
      await expectAgreement(backend, () => ({
        y: tf.avgPool(tensor([2, 5, 7, 3]) as tf.Tensor4D, 3, 2, 'same'),
      }));
    });
  });
}
