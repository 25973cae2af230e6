/** Native memory: what ONNX Runtime holds is freed with the tensors and the compiled graphs that it was held for. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { onnxBackend, registerOnnxBackend } from './register.js';
import { tensor } from './testing/numbers.js';

const MiB = 2 ** 20;

beforeAll(async () => {
  registerOnnxBackend({ maxSessions: 3 });
  await tf.setBackend('onnx');
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes by which the process is larger after `count` repetitions than it was after `first`. */
function growth(repeat: (i: number) => void, first: number, count: number): number {
  const sizeAfter = (from: number, to: number): number => {
    for (let i = from; i < to; i++) repeat(i);
    collectGarbage();
    return process.memoryUsage().rss;
  };
  const before = sizeAfter(0, first);
  return sizeAfter(first, count) - before;
}

describe('native memory', () => {
  it('stays the same over training steps of 2 MiB each', () => {
    const weights = tf.tidy(() => tf.variable(tensor([512, 512]) as tf.Tensor2D));
    const optimizer = tf.train.sgd(0.01);
    const step = (seed: number): void => {
      const loss = optimizer.minimize(
        () => tf.mean(tf.square(tf.matMul(tensor([4, 512], seed) as tf.Tensor2D, weights))),
        true,
        [weights],
      );
      loss!.dataSync();
      loss!.dispose();
      onnxBackend().flush();
      if (seed % 50 === 0) collectGarbage();
    };
    const tensors = tf.memory().numTensors;
    expect(growth(step, 50, 350)).toBeLessThan(64 * MiB);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(onnxBackend().stats.sessions).toBeLessThanOrEqual(3);
    tf.dispose(weights);
  });

  it('stays the same over compiled graphs of 2 MiB each that are let go', () => {
    const before = onnxBackend().stats.cacheMisses;
    const run = (i: number): void => {
      tf.tidy(() => {
        const x = tf.tile(tensor([1, 1000 + i]), [500, 1]);
        tf.sum(tf.exp(x)).dataSync();
      });
      if (i % 20 === 0) collectGarbage();
    };
    expect(growth(run, 150, 300)).toBeLessThan(64 * MiB);
    expect(onnxBackend().stats.cacheMisses - before).toBe(300);
    expect(onnxBackend().stats.sessions).toBe(3);
  });
});
