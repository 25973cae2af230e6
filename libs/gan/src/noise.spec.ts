import { describe, expect, it } from 'vitest';
import { gridNoise, shardNoise } from './noise.js';
import { smallOptions } from './testing/builders.js';

const options = smallOptions({ preset: 'dcgan', latentDim: 9 });
const batch = { seed: 1, step: 5, phase: 'd', from: 0, count: 8 } as const;

describe('shardNoise', () => {
  it.each(['dcgan', 'seed'] as const)('of an item does not depend on how the batch is cut (%s)', (preset) => {
    const whole = shardNoise({ ...options, preset }, batch);
    for (const shards of [2, 4, 8]) {
      const count = batch.count / shards;
      const parts = Array.from({ length: shards }, (_, i) =>
        shardNoise({ ...options, preset }, { ...batch, from: i * count, count }),
      );
      expect(parts.flatMap((part) => [...part])).toEqual([...whole]);
    }
  });

  it('is another one in every step and phase, and for every seed', () => {
    const all = [batch, { ...batch, step: 6 }, { ...batch, phase: 'g' as const }, { ...batch, seed: 2 }];
    expect(new Set(all.map((at) => shardNoise(options, at).join())).size).toBe(4);
  });

  it("is uniform in -1..1 for the tutorial's models", () => {
    const noise = shardNoise({ ...options, preset: 'seed' }, { ...batch, count: 4000 });
    expect(Math.max(...noise)).toBeLessThan(1);
    expect(Math.min(...noise)).toBeGreaterThan(-1);
    expect(meanSquare(noise)).toBeCloseTo(1 / 3, 2);
  });

  it('is normal for DCGAN', () => {
    const noise = shardNoise(options, { ...batch, count: 4000 });
    expect(meanSquare(noise)).toBeCloseTo(1, 1.5);
    expect(Math.max(...noise)).toBeGreaterThan(3);
  });
});

describe('gridNoise', () => {
  it('starts alike however many images a grid has', () => {
    const few = gridNoise(options, { seed: 1, count: 4 });
    expect(gridNoise(options, { seed: 1, count: 16 }).subarray(0, few.length)).toEqual(few);
  });

  it('is not the noise of a step', () => {
    expect(gridNoise(options, { seed: 1, count: 8 })).not.toEqual(shardNoise(options, { ...batch, step: 0 }));
  });
});

function meanSquare(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}
