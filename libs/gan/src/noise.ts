/** The generator's inputs. An item's noise depends on its place in the run, never on how a batch is cut into shards. */
import { type ModelOptions, presets } from './presets.js';
import { fillGaussian, fillUniform, purposes, type StreamPosition } from './random.js';

/**
 * Noise for the items [from, from + count) of a step's global batch, of the preset's distribution.
 *
 * @returns [count, latentDim]
 */
export function shardNoise(
  options: ModelOptions,
  at: { seed: number; step: number; phase: 'd' | 'g'; from: number; count: number },
): Float32Array {
  const position = { purpose: purposes.noise, step: at.step, phase: at.phase === 'd' ? 0 : 1 };
  return noiseOfItems(options, at.seed, position, at);
}

/**
 * The fixed noise from which a run's grids are made: the same at every step.
 *
 * @returns [count, latentDim]
 */
export function gridNoise(options: ModelOptions, at: { seed: number; count: number }): Float32Array {
  return noiseOfItems(options, at.seed, { purpose: purposes.grid, step: 0 }, { from: 0, count: at.count });
}

function noiseOfItems(
  { preset, latentDim }: ModelOptions,
  seed: number,
  position: Omit<StreamPosition, 'item'>,
  items: { from: number; count: number },
): Float32Array {
  const noise = new Float32Array(items.count * latentDim);
  for (let i = 0; i < items.count; i++) {
    const vector = noise.subarray(i * latentDim, (i + 1) * latentDim);
    const at = { ...position, item: items.from + i };
    if (presets[preset].noise === 'uniform') fillUniform(vector, seed, at, -1, 1);
    else fillGaussian(vector, seed, at, 0, 1);
  }
  return noise;
}
