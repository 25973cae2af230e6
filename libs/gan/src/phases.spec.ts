import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkName } from './architecture.js';
import type { PhaseLayout } from './layout.js';
import { assignWeights, disposeGan, type Gan } from './model.js';
import { shardNoise } from './noise.js';
import { discriminatorShardGradients, generatorShardGradients } from './phases.js';
import type { ModelOptions } from './presets.js';
import { randomIndex } from './random.js';
import {
  createSmallGan,
  randomImages,
  relativeError,
  smallOptions,
  tensorsByName,
  useCpuBackend,
  variedWeights,
} from './testing/builders.js';
import {
  referenceDiscriminatorPhase,
  referenceGeneratorPhase,
  type ReferenceResult,
  type ReferenceWeights,
} from './testing/reference.js';

const count = 4;
const cases: [name: string, options: ModelOptions][] = (
  [
    ['dcgan with batch normalization', { preset: 'dcgan', batchNorm: true }],
    ['dcgan without batch normalization', { preset: 'dcgan', batchNorm: false, channels: 2 }],
    ['dcgan of one stage', { preset: 'dcgan', batchNorm: true, size: 10 }],
    ['seed without batch normalization', { preset: 'seed', batchNorm: false }],
    ['seed with batch normalization', { preset: 'seed', batchNorm: true, channels: 3 }],
  ] satisfies [string, Partial<ModelOptions>][]
).map(([name, changes]) => [name, smallOptions(changes)]);

beforeAll(useCpuBackend);

describe.each(cases)('%s', (_, options) => {
  let gan: Gan;
  let weights: ReferenceWeights;
  const images = randomImages(options, count, 5);
  const noise = shardNoise(options, { seed: 6, step: 0, phase: 'd', from: 0, count });
  const results: Partial<Record<'d' | 'g', { reference: ReferenceResult; out: Float32Array }>> = {};

  const run = (phase: 'd' | 'g') => {
    const out = new Float32Array(gan.phases[phase].length).fill(NaN);
    if (phase === 'd') discriminatorShardGradients(gan, { images, noise }, out);
    else generatorShardGradients(gan, { noise }, out);
    return out;
  };
  const reference = (phase: 'd' | 'g', changed: ReferenceWeights = weights) =>
    phase === 'd'
      ? referenceDiscriminatorPhase(options, changed, { count, noise, images })
      : referenceGeneratorPhase(options, changed, { count, noise });

  beforeAll(() => {
    gan = createSmallGan(options);
    weights = {};
    for (const network of ['generator', 'discriminator'] satisfies NetworkName[]) {
      const values = variedWeights(gan, network, 3);
      assignWeights(gan, network, values);
      Object.assign(weights, tensorsByName(gan.layouts[network], values));
    }
    for (const phase of ['d', 'g'] as const)
      results[phase] = { reference: reference(phase), out: run(phase) };
  });
  afterAll(() => disposeGan(gan));

  it.each(['d', 'g'] as const)('phase %s equals a float64 forward and backward pass', (phase) => {
    const { out, reference: expected } = results[phase]!;
    const actual = namedResults(gan.phases[phase], out);
    const largest = Math.max(
      ...gan.phases[phase].network.trainable.map(({ name }) => absoluteMaximum(expected.gradients[name]!)),
    );
    for (const { name } of gan.phases[phase].network.trainable) {
      const gradient = expected.gradients[name]!;
      // A bias before a batch normalization has no gradient but rounding noise.
      if (absoluteMaximum(gradient) < 1e-9)
        expect(absoluteMaximum(actual[name]!)).toBeLessThan(1e-6 * largest);
      else expect(relativeError(actual[name]!, gradient), name).toBeLessThan(1e-5);
    }
    for (const { name } of gan.phases[phase].network.running)
      expect(relativeError(actual[name]!, expected.statistics[name]!), name).toBeLessThan(1e-5);
    for (const name of gan.phases[phase].scalars)
      expect(relativeError(actual[name]!, [expected.scalars[name]!]), name).toBeLessThan(1e-5);
  });

  it.each(['d', 'g'] as const)("phase %s's reference gradient equals finite differences", (phase) => {
    const { reference: expected } = results[phase]!;
    for (const { name, length } of gan.phases[phase].network.trainable) {
      const index = randomIndex(1, length, length);
      const numerical = slopeAt(name, index, weights, (changed) => reference(phase, changed).scalars.loss!);
      const tolerance = 1e-6 * Math.max(1e-3, absoluteMaximum(expected.gradients[name]!));
      expect(Math.abs(expected.gradients[name]![index]! - numerical), name).toBeLessThan(tolerance);
    }
  });

  it('gives the same bits, and leaves no tensor, however often it runs', () => {
    const before = tf.memory().numTensors;
    for (const phase of ['d', 'g', 'd', 'g'] as const) expect(run(phase)).toEqual(results[phase]!.out);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a shard', () => {
  let gan: Gan;
  beforeAll(() => {
    gan = createSmallGan();
  });
  afterAll(() => disposeGan(gan));
  const images = randomImages(smallOptions(), 2, 1);
  const noise = new Float32Array(2 * 7);

  it('is refused when its images and its noise differ in number', () => {
    const out = new Float32Array(gan.phases.d.length);
    const shard = { images, noise: noise.subarray(7) };
    expect(() => discriminatorShardGradients(gan, shard, out)).toThrow('a shard of 2 images');
  });

  it('is refused when it is not a whole number of items, or none', () => {
    const out = new Float32Array(gan.phases.g.length);
    expect(() => generatorShardGradients(gan, { noise: noise.subarray(1) }, out)).toThrow('13 values');
    expect(() => generatorShardGradients(gan, { noise: new Float32Array() }, out)).toThrow('0 values');
  });

  it('is refused when the buffer for its gradients has another length', () => {
    const out = new Float32Array(gan.phases.g.length + 1);
    expect(() => generatorShardGradients(gan, { noise }, out)).toThrow('phase g fills');
  });
});

/** Every tensor and scalar of a phase's buffer by name. */
function namedResults(layout: PhaseLayout, out: Float32Array): Record<string, ArrayLike<number>> {
  const tensors = Object.entries(tensorsByName(layout.network, out)).map(([name, { data }]) => [name, data]);
  const scalars = layout.scalars.map((name, i) => [name, [out[layout.network.length + i]!]]);
  return Object.fromEntries([...tensors, ...scalars]) as Record<string, ArrayLike<number>>;
}

/** Central difference of a loss along one weight. */
function slopeAt(
  name: string,
  index: number,
  weights: ReferenceWeights,
  lossOf: (weights: ReferenceWeights) => number,
): number {
  const width = 1e-5;
  const at = (move: number) => {
    const { shape, data } = weights[name]!;
    const moved = Float64Array.from(data);
    moved[index]! += move;
    return lossOf({ ...weights, [name]: { shape, data: moved } });
  };
  return (at(width) - at(-width)) / (2 * width);
}

function absoluteMaximum(values: ArrayLike<number>): number {
  return Math.max(...Array.from(values, Math.abs));
}
