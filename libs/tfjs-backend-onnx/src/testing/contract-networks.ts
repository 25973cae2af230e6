/** Whole networks: the gradients that a GAN's two phases take. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { expectAgreement } from './compare.js';
import type { Results } from './compare.js';
import { numbers, tensor } from './numbers.js';

type Weights = Record<string, tf.Variable>;

const GENERATOR = {
  dense: [6, 4 * 4 * 8],
  gamma: [8],
  beta: [8],
  up1: [5, 5, 6, 8],
  up1Bias: [6],
  up2: [5, 5, 2, 6],
  up2Bias: [2],
};
const DISCRIMINATOR = {
  conv1: [5, 5, 2, 5],
  conv1Bias: [5],
  conv2: [3, 3, 5, 7],
  gamma: [7],
  beta: [7],
  dense: [4 * 4 * 7, 9],
  denseBias: [9],
  logit: [9, 1],
};

/** Variables with fixed values; the caller disposes of them. */
function weightsOf(shapes: Record<string, number[]>, seed: number): Weights {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const values = numbers(tf.util.sizeFromShape(shape), seed + i).map((x) => 0.3 * x);
      return [name, tf.tidy(() => tf.variable(tf.tensor(values, shape)))];
    }),
  );
}

/** Batch normalisation with the batch's own statistics. */
function normalize(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { mean, variance } = tf.moments(x, axes);
  return tf.batchNorm(
    x as tf.Tensor4D,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    beta as tf.Tensor1D,
    gamma as tf.Tensor1D,
    1e-3,
  );
}

/** 16 x 16 images with two channels from noise [n, 6]. */
function generate(w: Weights, noise: tf.Tensor): tf.Tensor {
  const n = noise.shape[0];
  const seeds = tf.reshape(tf.matMul(noise, w.dense!), [n, 4, 4, 8]);
  const x = tf.relu(normalize(seeds, w.gamma!, w.beta!));
  const middle = tf.conv2dTranspose(
    x as tf.Tensor4D,
    w.up1 as unknown as tf.Tensor4D,
    [n, 8, 8, 6],
    2,
    'same',
  );
  const y = tf.relu(tf.add(middle, w.up1Bias!));
  const image = tf.conv2dTranspose(
    y as tf.Tensor4D,
    w.up2 as unknown as tf.Tensor4D,
    [n, 16, 16, 2],
    2,
    'same',
  );
  return tf.tanh(tf.add(image, w.up2Bias!));
}

/** Logits [n, 1]: a strided convolution, a batch-normalised one with max pooling, two dense layers. */
function discriminate(w: Weights, images: tf.Tensor): tf.Tensor {
  const conv1 = tf.conv2d(images as tf.Tensor4D, w.conv1 as unknown as tf.Tensor4D, 2, 'same');
  const x = tf.leakyRelu(tf.add(conv1, w.conv1Bias!), 0.2);
  const conv2 = tf.conv2d(x as tf.Tensor4D, w.conv2 as unknown as tf.Tensor4D, 1, 'same');
  const y = tf.maxPool(tf.leakyRelu(normalize(conv2, w.gamma!, w.beta!), 0.3) as tf.Tensor4D, 2, 2, 'same');
  const hidden = tf.add(tf.matMul(tf.reshape(y, [y.shape[0], -1]), w.dense!), w.denseBias!);
  return tf.matMul(tf.leakyRelu(hidden, 0.3), w.logit!);
}

/** Binary cross-entropy from logits. */
function loss(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, labels)));
}

function phase(compute: (g: Weights, d: Weights) => tf.Scalar, network: 'g' | 'd'): Results {
  const weights = { g: weightsOf(GENERATOR, 10), d: weightsOf(DISCRIMINATOR, 50) };
  const own = weights[network];
  const { value, grads } = tf.variableGrads(() => compute(weights.g, weights.d), Object.values(own));
  const gradients = Object.fromEntries(
    Object.entries(own).map(([name, variable]) => [`gradient of ${name}`, grads[variable.name]!]),
  );
  for (const variable of [...Object.values(weights.g), ...Object.values(weights.d)]) variable.dispose();
  return { loss: value, ...gradients };
}

export function describeNetworks(backend: string): void {
  describe('a small GAN', () => {
    it("agrees on the discriminator's gradients", async () => {
      await expectAgreement(backend, () =>
        phase((g, d) => {
          const real = tensor([3, 16, 16, 2], 3);
          const fake = generate(g, tensor([3, 6], 4));
          const labels = tf.concat([tf.ones([3, 1]), tf.zeros([3, 1])]);
          return loss(discriminate(d, tf.concat([real, fake])), labels);
        }, 'd'),
      );
    });

    it("agrees on the generator's gradients", async () => {
      await expectAgreement(backend, () =>
        phase((g, d) => loss(discriminate(d, generate(g, tensor([3, 6], 4))), tf.ones([3, 1])), 'g'),
      );
    });

    it("agrees on a step of Adam, with TensorFlow.js's own optimizer", async () => {
      await expectAgreement(backend, () => {
        const w = weightsOf({ kernel: [4, 3], bias: [3] }, 1);
        const optimizer = tf.train.adam(0.01);
        for (let step = 0; step < 3; step++) {
          const cost = optimizer.minimize(
            () => tf.mean(tf.square(tf.add(tf.matMul(tensor([5, 4]), w.kernel!), w.bias!))),
            true,
            Object.values(w),
          );
          cost!.dispose();
        }
        const results = { kernel: tf.clone(w.kernel!), bias: tf.clone(w.bias!) };
        optimizer.dispose();
        for (const variable of Object.values(w)) variable.dispose();
        return results;
      });
    });
  });
}
