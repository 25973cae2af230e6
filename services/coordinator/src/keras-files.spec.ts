import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeKerasWeights, loadKerasWeights, type NamedTensor } from '@gan-train/checkpoint';
import { resolveConfig, type RunConfig } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import { loadInitialWeights } from './initial-weights.js';
import { kerasFiles } from './keras-files.js';
import { temporaryFolder, tinyConfig, weightsOf, writeCheckpoint } from './testing.js';

const configs: [string, RunConfig][] = [
  ['dcgan', resolveConfig({ preset: 'dcgan', size: 12, width: 2, latentDim: 3 })],
  [
    'dcgan without batch normalization',
    resolveConfig({ preset: 'dcgan', size: 8, width: 3, batchNorm: false }),
  ],
  ['seed', resolveConfig({ preset: 'seed', size: 16, width: 1, latentDim: 5, channels: 3 })],
];

const byName = (tensors: readonly NamedTensor[]) => new Map(tensors.map((tensor) => [tensor.name, tensor]));

async function writeKeras(dir: string, config: RunConfig, tensors: readonly NamedTensor[]): Promise<void> {
  for (const { name, layers, options } of kerasFiles(config, byName(tensors))) {
    await writeFile(join(dir, name), await encodeKerasWeights(layers, options));
  }
}

describe('kerasFiles', () => {
  it.each(configs)('name both networks by the height of an image: %s', (_name, config) => {
    expect(kerasFiles(config, byName(weightsOf(config))).map(({ name }) => name)).toEqual([
      `gan_gen_weights_${config.size}.h5`,
      `gan_ds_weights_${config.size}.h5`,
    ]);
  });

  it.each(configs)('hold every weight once, and nothing of the other network: %s', async (_name, config) => {
    const weights = weightsOf(config);
    const files = kerasFiles(config, byName(weights));
    expect(files.flatMap(({ layers }) => layers.flatMap(({ weights: own }) => own))).toHaveLength(
      weights.length,
    );
    for (const [i, network] of ['generator', 'discriminator'].entries()) {
      const { layers = [], options } = files[i] ?? {};
      const { layers: read } = await loadKerasWeights(
        await encodeKerasWeights(layers, options ?? { dataFormat: 'channels_first' }),
      );
      const values = read
        .flatMap(({ weights: own }) => own.flatMap(({ data }) => [...data]))
        .sort((a, b) => a - b);
      const expected = weights
        .filter(({ name }) => name.startsWith(`${network}/`))
        .flatMap(({ data }) => [...data])
        .sort((a, b) => a - b);
      expect(values).toEqual(expected);
    }
  });
});

describe('loadInitialWeights', () => {
  it.each(configs)('takes back from Keras files what was written to them: %s', async (_name, config) => {
    const dir = await temporaryFolder();
    const weights = weightsOf(config);
    await writeKeras(dir, config, weights);
    const loaded = byName(await loadInitialWeights(dir, config));
    expect([...loaded.keys()].sort()).toEqual(weights.map(({ name }) => name));
    for (const { name, shape, data } of weights) {
      expect(loaded.get(name)).toMatchObject({ shape: [...shape], data });
    }
  });

  it('refuses weights of another model, and names what does not fit', async () => {
    const dir = await temporaryFolder();
    const [, config] = configs[0] as [string, RunConfig];
    await writeKeras(dir, config, weightsOf(config));
    await expect(loadInitialWeights(dir, { ...config, width: 3 })).rejects.toMatchObject({
      code: 'bad_checkpoint',
      what: expect.stringContaining('dense/kernel') as string,
    });
  });

  it('refuses a checkpoint that has not all of the weights', async () => {
    const { dir } = await writeCheckpoint(await temporaryFolder(), 3);
    for (const path of [dir, join(dir, 'state.safetensors')]) {
      await expect(loadInitialWeights(path, tinyConfig)).rejects.toMatchObject({ code: 'bad_checkpoint' });
    }
  });

  it('says what it takes where there is nothing', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'checkpoints'));
    await writeFile(join(dir, 'run.json'), '{}');
    for (const path of [dir, join(dir, 'none'), join(dir, 'checkpoints')]) {
      await expect(loadInitialWeights(path, tinyConfig)).rejects.toMatchObject({
        code: 'bad_checkpoint',
        what: `there are no weights at ${path}`,
      });
    }
  });
});
