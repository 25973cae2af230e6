/** Between bytes, floats in -1..1, and a generator's images. */
import * as tf from '@tensorflow/tfjs-core';
import { flushEngine, tensorOfItems } from './engine.js';
import { generateByRunning } from './forward.js';
import type { Gan } from './model.js';

/** Images computed at once: bounds the memory, and the number of graphs that a lazy engine compiles. */
const chunkItems = 64;

/** Pixels 0..255 as floats in -1..1. */
export function imagesFromBytes(bytes: Uint8Array): Float32Array {
  const images = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) images[i] = bytes[i]! / 127.5 - 1;
  return images;
}

/** Floats in -1..1 as pixels 0..255, rounded to the nearest; beyond that range clamped, NaN is 0. */
export function bytesFromImages(images: Float32Array): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(images, (value) => (value + 1) * 127.5).buffer);
}

/**
 * The generator's images in inference mode, so each depends on its own noise only.
 *
 * @param noise [n, latentDim]
 * @returns [n, size, size, channels] in -1..1
 */
export function generateImages(gan: Gan, noise: Float32Array): Float32Array {
  const { size, channels, latentDim } = gan.options;
  const images = new Float32Array((noise.length / latentDim) * size * size * channels);
  for (let item = 0; item * latentDim < noise.length; item += chunkItems) {
    const chunk = noise.slice(item * latentDim, (item + chunkItems) * latentDim);
    tf.tidy(() => {
      const generated = generateByRunning(gan, tensorOfItems(chunk, [latentDim]));
      flushEngine();
      images.set(generated.dataSync(), item * size * size * channels);
    });
  }
  return images;
}
