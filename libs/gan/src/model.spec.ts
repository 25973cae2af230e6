import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateImages } from './images.js';
import { initialWeights } from './initial.js';
import { assignWeights, createGan, disposeGan } from './model.js';
import { gridNoise } from './noise.js';
import {
  createSmallGan,
  relativeError,
  smallOptions,
  useCpuBackend,
  variedWeights,
} from './testing/builders.js';

beforeAll(useCpuBackend);

const variants = [
  smallOptions(),
  smallOptions({ batchNorm: false, size: 8 }),
  smallOptions({ preset: 'seed' }),
  smallOptions({ preset: 'seed', batchNorm: true, channels: 3 }),
];

describe('createGan', () => {
  it.each(variants)('makes models of the very tensors that the layouts name: %j', (options) => {
    const gan = createGan(options);
    for (const network of ['generator', 'discriminator'] as const) {
      const { trainable, running } = gan.layouts[network];
      const model = gan[network];
      const shapes = (weights: typeof model.weights) =>
        Object.fromEntries(weights.map((weight) => [weight.originalName, weight.shape]));
      const named = (specs: typeof trainable) =>
        Object.fromEntries(specs.map(({ name, shape }) => [name, shape]));
      expect(shapes(model.trainableWeights)).toEqual(named(trainable));
      expect(shapes(model.nonTrainableWeights)).toEqual(named(running));
    }
    disposeGan(gan);
  });

  it('makes as many as are wanted side by side, and leaves nothing of them once disposed of', () => {
    const before = tf.memory().numTensors;
    const gans = [createSmallGan(), createSmallGan(), createSmallGan({ preset: 'seed' })];
    expect([...gans[0]!.variables.generator.keys()]).toEqual([...gans[1]!.variables.generator.keys()]);
    gans.forEach(disposeGan);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses options that can not be built, with all the reasons', () => {
    expect(() => createGan(smallOptions({ size: 9, width: 0 }))).toThrow(/can't be built: width .*; size /);
  });

  it.each(variants)("predicts, as a model, what the phases' forward pass computes: %j", (options) => {
    const gan = createGan(options);
    assignWeights(gan, 'generator', variedWeights(gan, 'generator', 1));
    const noise = gridNoise(options, { seed: 1, count: 3 });
    const predicted = tf.tidy(() => {
      const output = gan.generator.predict(tf.tensor2d(noise, [3, options.latentDim])) as tf.Tensor;
      return output.dataSync();
    });
    expect(relativeError(generateImages(gan, noise), predicted)).toBeLessThan(1e-6);
    disposeGan(gan);
  });

  it('makes a discriminator that ends, as a model, in a probability', () => {
    const options = smallOptions({ preset: 'seed' });
    const gan = createGan(options);
    const probability = tf.tidy(() => {
      const image = tf.zeros([1, options.size, options.size, options.channels]);
      return (gan.discriminator.predict(image) as tf.Tensor).dataSync()[0];
    });
    expect(probability).toBe(0.5); // all weights are zero
    disposeGan(gan);
  });
});

describe('assignWeights', () => {
  it('gives every variable its part of the weights, of which there is no copy', () => {
    const gan = createSmallGan();
    const weights = initialWeights(gan, 'generator', 1);
    assignWeights(gan, 'generator', weights);
    for (const { name, offset, length } of gan.layouts.generator.trainable) {
      const values = gan.variables.generator.get(name)!.dataSync();
      expect(values).toEqual(weights.slice(offset, offset + length));
      expect(values.buffer).toBe(weights.buffer);
    }
    disposeGan(gan);
  });

  it('leaves no tensor', () => {
    const gan = createSmallGan();
    const before = tf.memory().numTensors;
    for (const seed of [1, 2, 3])
      assignWeights(gan, 'discriminator', initialWeights(gan, 'discriminator', seed));
    expect(tf.memory().numTensors).toBe(before);
    disposeGan(gan);
  });

  it("refuses the other network's weights", () => {
    const gan = createSmallGan();
    const weights = initialWeights(gan, 'discriminator', 1);
    expect(() => assignWeights(gan, 'generator', weights)).toThrow(`not ${weights.length}`);
    disposeGan(gan);
  });
});
