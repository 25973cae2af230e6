import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { decodeNpy, encodeNpy, writeFileAtomic } from '@gan-train/checkpoint';
import { encodeGrid } from '@gan-train/coordinator';
import {
  assignWeights,
  bytesFromImages,
  createGan,
  generateImages,
  gridNoise,
  type Gan,
} from '@gan-train/gan';
import { GanTrainError, modelFromConfig, unlessAborted } from '@gan-train/service';
import { loadEngine, resolveEngine } from '@gan-train/trainer/engine';
import { loadGeneratorSource } from './generator-source.js';
import { wholeNumber } from './numbers.js';

const mostImages = 4096;

export interface SampleFlags {
  out: string;
  count?: string;
  seed?: string;
  noise?: string;
  ema?: boolean;
  step?: string;
  tlsDir?: string;
}

/** `gan-train sample RUN`: images of a run's generator, as a picture or as numbers. */
export async function sample(run: string, flags: SampleFlags, signal: AbortSignal): Promise<number> {
  const { out } = flags;
  const kind = extname(out).toLowerCase();
  if (kind !== '.png' && kind !== '.npy') {
    throw new GanTrainError('bad_config', `--out must end in .png or .npy, not ${out}`);
  }
  const count = wholeNumber('--count', flags.count ?? '64', 1, mostImages);
  const seed = wholeNumber('--seed', flags.seed ?? '1', 0, Number.MAX_SAFE_INTEGER);
  // Where a coordinator is far away this takes minutes.
  const { config, tensors } = await unlessAborted(loadGeneratorSource(run, flags), signal);
  const noise = flags.noise === undefined ? undefined : await loadNoise(flags.noise, config.latentDim);

  await loadEngine(await resolveEngine(config.engine), config.threads);
  const gan = createGan(modelFromConfig(config));
  assignGenerator(gan, tensors, flags.ema === true ? '/ema' : '');
  signal.throwIfAborted();
  const images = generateImages(gan, noise ?? gridNoise(gan.options, { seed, count }));
  const { size, channels } = config;
  const made = images.length / (size * size * channels);
  await writeFileAtomic(
    out,
    kind === '.npy'
      ? encodeNpy([made, size, size, channels], images)
      : await encodeGrid({ images: made, size, channels, pixels: bytesFromImages(images) }),
  );
  process.stdout.write(`${made} images of ${size} px: ${out}\n`);
  return 0;
}

async function loadNoise(file: string, latentDim: number): Promise<Float32Array> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new GanTrainError('bad_config', `cannot read ${file}`, 'give a .npy file', error);
  });
  const { shape, data } = decodeNpy(bytes);
  if (shape.length !== 2 || shape[1] !== latentDim) {
    const what = `${file} is [${shape.join(', ')}] and this model's noise is [count, ${latentDim}]`;
    throw new GanTrainError('bad_config', what, 'give noise of that shape');
  }
  return data;
}

function assignGenerator(
  gan: Gan,
  tensors: ReadonlyMap<string, { data: Float32Array }>,
  suffix: '' | '/ema',
): void {
  const { trainable, running, length } = gan.layouts.generator;
  const flat = new Float32Array(length);
  for (const spec of [...trainable, ...running]) {
    const name = `generator/${spec.name}${suffix}`;
    const tensor = tensors.get(name);
    if (tensor?.data.length !== spec.length) {
      throw new GanTrainError('bad_checkpoint', `the checkpoint has no ${name} of this model`);
    }
    flat.set(tensor.data, spec.offset);
  }
  assignWeights(gan, 'generator', flat);
}
