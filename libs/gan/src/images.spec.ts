import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesFromImages, generateImages, imagesFromBytes } from './images.js';
import { assignWeights, disposeGan, type Gan } from './model.js';
import { gridNoise } from './noise.js';
import { discriminatorShardGradients, generatorShardGradients } from './phases.js';
import {
  createSmallGan,
  randomImages,
  smallOptions,
  useCpuBackend,
  variedWeights,
} from './testing/builders.js';

describe('pixels', () => {
  it('come back as they went', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const images = imagesFromBytes(bytes);
    expect([images[0], images[255]]).toEqual([-1, 1]);
    expect(bytesFromImages(images)).toEqual(bytes);
  });

  it('are rounded to the nearest and clamped, and black where there is no number', () => {
    const images = Float32Array.of(-2, -0.997, 0.99, 3, NaN);
    expect([...bytesFromImages(images)]).toEqual([0, 0, 254, 255, 0]);
  });
});

describe('generateImages', () => {
  const options = smallOptions();
  const noise = gridNoise(options, { seed: 1, count: 70 });
  let gan: Gan;

  beforeAll(async () => {
    await useCpuBackend();
    gan = createSmallGan();
    for (const network of ['generator', 'discriminator'] as const)
      assignWeights(gan, network, variedWeights(gan, network, 1));
  });
  afterAll(() => disposeGan(gan));

  it('gives every image the same bits, whatever is generated or trained beside it', () => {
    const images = generateImages(gan, noise);
    const itemLength = options.size ** 2;
    const alone = generateImages(gan, noise.slice(66 * options.latentDim, 67 * options.latentDim));
    expect(alone).toEqual(images.slice(66 * itemLength, 67 * itemLength));
    const shard = { images: randomImages(options, 2, 1), noise: noise.slice(0, 2 * options.latentDim) };
    discriminatorShardGradients(gan, shard, new Float32Array(gan.phases.d.length));
    generatorShardGradients(gan, shard, new Float32Array(gan.phases.g.length));
    expect(generateImages(gan, noise)).toEqual(images);
  });

  it('gives images in -1..1, of as many items as there is noise, and leaves no tensor', () => {
    const before = tf.memory().numTensors;
    const images = generateImages(gan, noise);
    expect(images.length).toBe(70 * options.size ** 2);
    expect(images.every((value) => Math.abs(value) <= 1)).toBe(true);
    expect(generateImages(gan, new Float32Array()).length).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses noise that is not a whole number of items', () => {
    expect(() => generateImages(gan, noise.slice(1))).toThrow('items of 7');
  });
});
