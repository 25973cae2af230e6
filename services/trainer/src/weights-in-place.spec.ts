import * as tf from '@tensorflow/tfjs-core';
import {
  assignWeights,
  createGan,
  createState,
  discriminatorShardGradients,
  disposeGan,
  generatorShardGradients,
  initialWeights,
  shadowOf,
  shardNoise,
  type Gan,
} from '@gan-train/gan';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from './engine.js';

let gan: Gan;
beforeAll(async () => {
  await loadEngine('onnx', 1);
  // Lengths that put every tensor at an odd place.
  gan = createGan({ preset: 'seed', size: 16, channels: 3, width: 5, latentDim: 11, batchNorm: true });
});
afterAll(() => disposeGan(gan));

const networks = ['generator', 'discriminator'] as const;
const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

/** What both phases compute from a seed's weights, which lie where `place` puts them. */
function gradientsWith(place: (weights: Float32Array) => Float32Array): Uint32Array[] {
  for (const network of networks) assignWeights(gan, network, place(initialWeights(gan, network, 1)));
  const noise = shardNoise(gan.options, { seed: 1, step: 1, phase: 'd', from: 0, count: 3 });
  const images = Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, i) => Math.sin(i));
  const d = new Float32Array(gan.phases.d.length);
  discriminatorShardGradients(gan, { images, noise }, d);
  const g = new Float32Array(gan.phases.g.length);
  generatorShardGradients(gan, { noise }, g);
  return [bitsOf(d), bitsOf(g)];
}

/** The same weights, that many elements further on in a larger buffer. */
function movedBy(elements: number) {
  return (weights: Float32Array): Float32Array => {
    const buffer = new Float32Array(weights.length + 64);
    buffer.set(weights, elements);
    return buffer.subarray(elements, elements + weights.length);
  };
}

describe('weights that the engine reads in place', () => {
  it('give the same bits wherever they lie', () => {
    const expected = gradientsWith((weights) => weights);
    for (const elements of [1, 2, 3, 4, 5, 8, 13, 16])
      expect(gradientsWith(movedBy(elements))).toEqual(expected);
  });

  it('give the same bits from a state and from its shadow', () => {
    const states = networks.map((network) => createState(gan.layouts[network]));
    const inState = (choose: (state: (typeof states)[number]) => (typeof states)[number]) => {
      let next = 0;
      return gradientsWith((weights) => {
        const target = choose(states[next++] as (typeof states)[number]).weights;
        target.set(weights);
        return target;
      });
    };
    expect(inState(shadowOf)).toEqual(inState((state) => state));
  });

  it('are those that were assigned last: no graph keeps older ones', () => {
    const first = gradientsWith((weights) => weights);
    const second = gradientsWith((weights) => weights.map((value) => 1.5 * value));
    expect(second).not.toEqual(first);
    expect(gradientsWith((weights) => weights)).toEqual(first);
  });

  it('are not copied', () => {
    const weights = initialWeights(gan, 'discriminator', 1);
    const before = tf.memory().numTensors;
    assignWeights(gan, 'discriminator', weights);
    const [variable] = gan.variables.discriminator.values();
    expect(variable?.dataSync().buffer).toBe(weights.buffer);
    expect(tf.memory().numTensors).toBe(before);
  });
});
