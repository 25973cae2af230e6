import { createHash } from 'node:crypto';
import {
  discriminatorShardGradients,
  generatorShardGradients,
  imagesFromBytes,
  philox4x32,
  purposes,
  shardNoise,
  type Gan,
} from '@gan-train/gan';

/** Items of the probe's shard: enough to be a real product, few enough to cost nothing. */
const probeItems = 2;

/**
 * sha256 of what this process computes for one small shard of each phase, with the weights that the gan holds and
 * made-up items. Trainers with equal hashes compute equal bits: same engine, same CPU kind, same libraries.
 */
export function probeHash(gan: Gan, seed: number): string {
  const { size, channels } = gan.options;
  const bytes = new Uint8Array(probeItems * size * size * channels);
  for (let i = 0; i < bytes.length; i += 16) {
    const words = philox4x32([seed % 2 ** 32, 0], [i / 16, 0, 0, purposes.probe]);
    bytes.set(new Uint8Array(words.buffer, words.byteOffset, Math.min(16, bytes.length - i)), i);
  }
  const noise = (phase: 'd' | 'g'): Float32Array =>
    shardNoise(gan.options, { seed, step: 0, phase, from: 0, count: probeItems });
  const hash = createHash('sha256');
  const d = new Float32Array(gan.phases.d.length);
  discriminatorShardGradients(gan, { images: imagesFromBytes(bytes), noise: noise('d') }, d);
  const g = new Float32Array(gan.phases.g.length);
  generatorShardGradients(gan, { noise: noise('g') }, g);
  for (const buffer of [d, g])
    hash.update(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  return hash.digest('hex');
}

/** Computes a shard of each phase for nothing: whatever the engine has to compile for it is there then. */
export function warmUp(gan: Gan, items: number): void {
  const { size, channels } = gan.options;
  const noise = (phase: 'd' | 'g'): Float32Array =>
    shardNoise(gan.options, { seed: 0, step: 0, phase, from: 0, count: items });
  const images = imagesFromBytes(new Uint8Array(items * size * size * channels));
  discriminatorShardGradients(gan, { images, noise: noise('d') }, new Float32Array(gan.phases.d.length));
  generatorShardGradients(gan, { noise: noise('g') }, new Float32Array(gan.phases.g.length));
}
