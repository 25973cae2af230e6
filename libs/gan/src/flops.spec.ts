import { expect, it } from 'vitest';
import { flopsOfStep } from './flops.js';
import type { ModelOptions } from './presets.js';

const seed: ModelOptions = {
  preset: 'seed',
  size: 16,
  channels: 1,
  width: 2,
  latentDim: 3,
  batchNorm: false,
};

it('counts the products of a small tutorial model as by hand', () => {
  // Shapes: 3 -> 32 = 2x2x8 -> 4x4x8 -> 8x8x4 -> 16x16x2 -> 16x16x1.
  const g = [3 * 32, 4 * 25 * 8 * 8, 16 * 25 * 8 * 4, 64 * 25 * 4 * 2, 256 * 25 * 2 * 1];
  // 16x16x1 -> 16x16x4 -> 8x8x8 -> 4x4x16, each but the last halved -> 2x2x16 = 64 -> 64 -> 1.
  const d = [256 * 25 * 1 * 4, 64 * 25 * 4 * 8, 16 * 25 * 8 * 16, 64 * 64, 64];
  const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const products = total(g) + 2 * (3 * total(d) - d[0]!) + (3 * total(g) - g[0]!) + 2 * total(d);
  expect(flopsOfStep(seed)).toBe(2 * products);
});

it('is what the models of the benchmark are known to take: 0.25 and 8.2 GFLOP an image', () => {
  const models: [ModelOptions, number][] = [
    [{ preset: 'dcgan', size: 28, channels: 1, width: 64, latentDim: 100, batchNorm: false }, 0.25],
    [{ preset: 'seed', size: 32, channels: 3, width: 64, latentDim: 100, batchNorm: false }, 8.2],
  ];
  for (const [options, gflop] of models) expect(flopsOfStep(options) / 1e9 / gflop).toBeCloseTo(1, 1);
});
