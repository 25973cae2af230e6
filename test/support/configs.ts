import { bucketsOfLength } from '@gan-train/collective';
import { layoutsFromOptions } from '@gan-train/gan/layout';
import { flagFromOption, modelFromConfig, optionNames, resolveConfig } from '@gan-train/service';

export type Asked = Record<string, string | number | boolean>;

/** Small enough for a step of some 20 ms; several buckets a phase, one of odd length. */
const tiny = { batch: 8, engine: 'onnx', bucketKiB: 1, latentDim: 24 };

export const tinyDcgan: Asked = { ...tiny, preset: 'dcgan', size: 28, width: 3 };
export const tinySeed: Asked = { ...tiny, preset: 'seed', size: 16, width: 2 };

/** A phase takes so long that a signal or a request surely falls into it. */
export const slow: Asked = { ...tinyDcgan, width: 96, batch: 256, shards: 1, bucketKiB: 1024 };

/** More steps than a test waits for: the run ends by what the test does. */
export const endless = 1_000_000;

export function flagsFrom(asked: Asked): string[] {
  return optionNames.flatMap((name) => {
    const value = asked[name];
    return value === undefined ? [] : [`--${flagFromOption(name)}`, String(value)];
  });
}

/** Lengths of the buckets that each phase's gradients travel in, as the trainers cut them. */
export function bucketLengths(asked: Asked): Record<'d' | 'g', number[]> {
  const config = resolveConfig(asked);
  const { phases } = layoutsFromOptions(modelFromConfig(config));
  const lengths = (length: number): number[] =>
    bucketsOfLength(length + 3, 256 * config.bucketKiB).map(({ start, end }) => end - start);
  return { d: lengths(phases.d.length), g: lengths(phases.g.length) };
}
