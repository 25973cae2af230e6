import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialState, initialWeights } from './initial.js';
import { disposeGan, type Gan } from './model.js';
import { createSmallGan, tensorsByName, useCpuBackend } from './testing/builders.js';

beforeAll(useCpuBackend);

describe('initial weights', () => {
  let dcgan: Gan;
  let seed: Gan;
  beforeAll(() => {
    dcgan = createSmallGan({ width: 12 });
    seed = createSmallGan({ preset: 'seed', batchNorm: true });
  });
  afterAll(() => [dcgan, seed].forEach(disposeGan));

  it('of dcgan are N(0, 0.02), scales N(1, 0.02), the rest neutral', () => {
    const tensors = tensorsByName(dcgan.layouts.generator, initialWeights(dcgan, 'generator', 1));
    const [mean, deviation] = meanAndDeviation(tensors['conv2d_transpose/kernel']!.data);
    expect(Math.abs(mean)).toBeLessThan(0.001);
    expect(deviation).toBeCloseTo(0.02, 3);
    const scales = meanAndDeviation(tensors['batch_normalization/gamma']!.data);
    expect(scales[0]).toBeCloseTo(1, 1.5);
    expect(scales[1]).toBeGreaterThan(0.01);
    expect(scales[1]).toBeLessThan(0.03);
    expect(valuesOf(tensors['batch_normalization/moving_variance']!.data)).toEqual([1]);
    for (const name of [
      'batch_normalization/beta',
      'batch_normalization/moving_mean',
      'conv2d_transpose_1/bias',
    ])
      expect(valuesOf(tensors[name]!.data), name).toEqual([0]);
  });

  it("of seed are Keras' Glorot uniform ones, scales 1", () => {
    const tensors = tensorsByName(seed.layouts.discriminator, initialWeights(seed, 'discriminator', 1));
    const limits = {
      'conv2d_2/kernel': Math.sqrt(6 / (25 * (6 + 12))),
      'dense_1/kernel': Math.sqrt(6 / (96 + 96)),
    };
    for (const [name, limit] of Object.entries(limits)) {
      const { data } = tensors[name]!;
      const largest = Math.max(...Array.from(data, Math.abs));
      expect(largest, name).toBeLessThanOrEqual(Math.fround(limit));
      expect(largest, name).toBeGreaterThan(0.99 * limit);
      expect(meanAndDeviation(data)[1], name).toBeCloseTo(limit / Math.sqrt(3), 2);
    }
    expect(valuesOf(tensors['batch_normalization_3/gamma']!.data)).toEqual([1]);
    expect(valuesOf(tensors['dense_1/bias']!.data)).toEqual([0]);
  });

  it('follow from the seed, and differ from tensor to tensor and network to network', () => {
    expect(initialWeights(seed, 'generator', 1)).toEqual(initialWeights(seed, 'generator', 1));
    expect(initialWeights(seed, 'generator', 1)).not.toEqual(initialWeights(seed, 'generator', 2));
    const starts = (['generator', 'discriminator'] as const).flatMap((network) =>
      Object.entries(tensorsByName(dcgan.layouts[network], initialWeights(dcgan, network, 1)))
        .filter(([name]) => name.endsWith('/kernel'))
        .map(([, { data }]) => data[0]),
    );
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('come with empty moments and no update', () => {
    const state = initialState(dcgan, 'discriminator', 1);
    const { trainableLength } = dcgan.layouts.discriminator;
    expect(state).toEqual({
      weights: initialWeights(dcgan, 'discriminator', 1),
      m: new Float32Array(trainableLength),
      v: new Float32Array(trainableLength),
      ema: new Float32Array(0),
      updates: 0,
    });
  });

  it("begin the generator's moving average with its weights, as a copy", () => {
    const { weights, ema } = initialState(dcgan, 'generator', 1);
    expect(ema).toEqual(weights);
    expect(ema.byteOffset).not.toBe(weights.byteOffset);
  });
});

function meanAndDeviation(values: ArrayLike<number>): [mean: number, deviation: number] {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return [mean, Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length)];
}

function valuesOf(values: ArrayLike<number>): number[] {
  return [...new Set(Array.from(values))];
}
