/** Operations that pick, join and reorder elements. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { expectAgreement, outputAndGradients } from './compare.js';
import { tensor } from './numbers.js';

type Rank4 = [number, number, number, number];

const SOURCES: Readonly<Record<string, (seed?: number) => tf.Tensor>> = {
  'plain data': (seed) => tensor([2, 4, 5, 3], seed),
  'a convolution': (seed) =>
    tf.conv2d(tensor([2, 4, 5, 3], seed) as tf.Tensor4D, tensor([3, 3, 3, 3], 5) as tf.Tensor4D, 1, 'same'),
};

export function describeArrangement(backend: string): void {
  describe.each(Object.entries(SOURCES))('arrangement of %s', (_, make) => {
    it('agrees on slices and strides', async () => {
      await expectAgreement(backend, () => {
        const x = make();
        return {
          slice: tf.slice(x, [0, 1, 2, 1], [2, 2, -1, 2]),
          strided: tf.stridedSlice(x, [0, 0, 1, 0], [2, 4, 5, 3], [1, 2, 2, 1]),
          reversed: tf.stridedSlice(x, [1, 3, 4, 2], [-3, -5, -6, -4], [-1, -1, -1, -1]),
          picked: tf.gather(x, tf.tensor1d([2, 0, 0], 'int32'), 1),
        };
      });
    });

    it('agrees on joining and splitting', async () => {
      await expectAgreement(backend, () => {
        const [a, b] = [make(1), make(2)];
        const [first, second] = tf.split(a, [1, 3], 1);
        return {
          batch: tf.concat([a, tensor([1, 4, 5, 3], 3)], 0),
          channels: tf.concat([a, b], 3),
          stack: tf.stack([a, b], 1),
          first: first!,
          second: second!,
          unstacked: tf.unstack(a, 3)[1]!,
        };
      });
    });

    it('agrees on padding, tiling, broadcasting and transposing', async () => {
      await expectAgreement(backend, () => {
        const x = make();
        return {
          pad: tf.pad(x, [[0, 0], [1, 2], [0, 1], [3, 0]], 0.5), // prettier-ignore
          mirror: tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'reflect'), // prettier-ignore
          tile: tf.tile(x, [1, 2, 1, 3]),
          transposed: tf.transpose(x, [3, 1, 0, 2]),
          twice: tf.add(tf.transpose(tf.transpose(x, [0, 3, 1, 2]), [0, 2, 3, 1]), x),
          broadcast: tf.broadcastTo(tf.slice(x, [0, 0, 0, 0], [1, 4, 1, 3]), [2, 4, 5, 3]),
          flat: tf.reshape(x, [2, 60]),
          squeezed: tf.squeeze(tf.slice(x, [0, 0, 0, 0], [2, 1, 5, 1])),
          expanded: tf.expandDims(x, 2),
        };
      });
    });

    it('agrees on the gradients of all of these', async () => {
      const operations: ((x: tf.Tensor) => tf.Tensor)[] = [
        (x) => tf.slice(x, [0, 1, 2, 1], [2, 2, -1, 2]),
        (x) => tf.concat([x, tf.square(x)], 3),
        (x) => tf.stack([x, tf.neg(x)], 1),
        (x) => tf.unstack(x, 1)[2]!,
        (x) => tf.pad(x, [[0, 0], [1, 2], [0, 1], [3, 0]]), // prettier-ignore
        (x) => tf.tile(x, [1, 2, 1, 3]),
        (x) => tf.transpose(x, [3, 1, 0, 2]),
        (x) => tf.reshape(x, [2, 60]),
      ];
      for (const operation of operations) {
        await expectAgreement(backend, () => outputAndGradients(operation, [make()]));
      }
    });
  });

  describe('constants and indices', () => {
    it('agrees on zeros, ones and fills, alone and as operands', async () => {
      await expectAgreement(backend, () => {
        const x = tensor([2, 3]);
        const shape: Rank4 = [1, 2, 3, 4];
        return {
          zeros: tf.zeros([2, 3]),
          ones: tf.onesLike(x),
          fill: tf.fill([2, 2], 2.5),
          ints: tf.fill([3], 7, 'int32'),
          timesOne: tf.mul(x, tf.ones([2, 3])),
          grown: tf.mul(tensor([1, 1, 3, 1]), tf.ones(shape)),
          plusZero: tf.add(x, tf.zeros([4, 2, 3])),
          sumOfOnes: tf.sum(tf.ones(shape)),
          onesTimesOnes: tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])),
          reshapedOnes: tf.add(tf.reshape(tf.ones(shape), [4, 6]), tf.reshape(tf.ones([24]), [4, 6])),
        };
      });
    });

    it('agrees on the largest element, one-hot codes and lookups', async () => {
      await expectAgreement(backend, () => {
        const x = tensor([4, 6]);
        return {
          largest: tf.argMax(x, 1),
          oneHot: tf.oneHot(tf.tensor1d([2, 0, 5, -1], 'int32'), 4),
          rows: tf.gather(x, tf.tensor2d([[3, 0]], [1, 2], 'int32')),
        };
      });
    });

    it('agrees on tensors without elements', async () => {
      await expectAgreement(backend, () => ({
        joined: tf.concat([tf.zeros([0, 3]), tensor([2, 3])], 0),
        empty: tf.slice(tensor([4, 3]), [0, 0], [0, 3]),
        zeros: tf.zeros([0]),
      }));
    });
  });
}
