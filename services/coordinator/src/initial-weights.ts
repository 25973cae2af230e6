import { noGeneration } from '@gan-train/rpc';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  createCheckpointWriter,
  loadKerasWeights,
  loadSafetensors,
  newestCheckpoint,
  renameByOrder,
  sortSpecs,
  stateFile,
  type CheckpointInfo,
  type NamedTensor,
} from '@gan-train/checkpoint';
import { layoutsFromOptions, type NetworkLayout } from '@gan-train/gan/layout';
import { GanTrainError, modelFromConfig, type RunConfig } from '@gan-train/service';
import { firstDenseOf } from './keras-files.js';

const networks = ['generator', 'discriminator'] as const;

/**
 * Both networks' weights and running statistics from `--init`: a run's directory (its newest checkpoint), a checkpoint (its
 * directory or state.safetensors), or a folder with Keras' gan_gen_weights_*.h5 and gan_ds_weights_*.h5.
 * Names as in a checkpoint. Throws `bad_checkpoint` when they don't fit the model.
 */
export async function loadInitialWeights(path: string, config: RunConfig): Promise<NamedTensor[]> {
  const layouts = layoutsFromOptions(modelFromConfig(config)).layouts;
  const files = (await isDirectory(path)) ? await readdir(path) : [];
  const keras = {
    generator: files.find((name) => /^gan_gen_weights.*\.h5$/.test(name)),
    discriminator: files.find((name) => /^gan_ds_weights.*\.h5$/.test(name)),
  };
  if (keras.generator !== undefined && keras.discriminator !== undefined) {
    // One after the other: of two files that don't fit the same one is named every time.
    const read: NamedTensor[] = [];
    for (const network of networks) {
      read.push(...(await fromKeras(join(path, keras[network] ?? ''), layouts[network], config)));
    }
    return read;
  }
  const file = await safetensorsAt(path, files);
  const { tensors } = await loadSafetensors(file);
  return networks.flatMap((network) =>
    weightSpecs(layouts[network]).map((spec) => {
      const tensor = tensors.get(spec.name);
      return renameByOrder(tensor === undefined ? [] : [tensor], [spec], file)[0] as NamedTensor;
    }),
  );
}

async function safetensorsAt(path: string, files: readonly string[]): Promise<string> {
  if (files.includes(stateFile)) return join(path, stateFile);
  if (files.includes('run.json')) {
    const found = await newestCheckpoint(join(path, 'checkpoints'));
    if (found !== undefined) return join(found.dir, stateFile);
  }
  if (basename(path).endsWith('.safetensors')) return path;
  const what = `there are no weights at ${path}`;
  const todo =
    'give a run with a checkpoint, a checkpoint, or a folder with gan_gen_weights_*.h5 and gan_ds_weights_*.h5';
  throw new GanTrainError('bad_checkpoint', what, todo);
}

async function fromKeras(file: string, layout: NetworkLayout, config: RunConfig): Promise<NamedTensor[]> {
  const { m, filters } = firstDenseOf(config);
  const isGenerator = layout.network === 'generator';
  const { layers } = await loadKerasWeights(file, isGenerator ? { firstDense: { m, filters } } : {});
  // Keras lists the layers first to last, and a layer's weights in its own order; ours go the other way round.
  const byLayer = new Map<string, { name: string; shape: readonly number[] }[]>();
  for (const spec of weightSpecs(layout)) {
    const layer = spec.name.slice(0, spec.name.lastIndexOf('/'));
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), spec]);
  }
  const expected = [...byLayer.values()].reverse().flat();
  return renameByOrder(
    layers.flatMap(({ weights }) => weights),
    expected,
    file,
  );
}

/** A network's weights and running statistics as a checkpoint names them. */
const weightSpecs = ({
  network,
  trainable,
  running,
}: NetworkLayout): { name: string; shape: readonly number[] }[] =>
  [...trainable, ...running].map(({ name, shape }) => ({ name: `${network}/${name}`, shape }));

/** Stores weights as the checkpoint of step 0, with empty optimizer slots: the run goes on from it as from any other. */
export async function storeInitialCheckpoint(
  checkpointsDir: string,
  runId: string,
  config: RunConfig,
  weights: readonly NamedTensor[],
): Promise<void> {
  const info: CheckpointInfo = {
    runId,
    identityHash: '',
    step: 0,
    generation: noGeneration,
    counters: { 'updates.generator': 0, 'updates.discriminator': 0, phase: 1 },
  };
  const { layouts } = layoutsFromOptions(modelFromConfig(config));
  const trainable = new Set(
    networks.flatMap((network) => layouts[network].trainable.map(({ name }) => `${network}/${name}`)),
  );
  const slots = weights
    .filter(({ name }) => trainable.has(name))
    .flatMap(({ name, shape, data }) =>
      ['m', 'v'].map((slot) => ({ name: `${name}/${slot}`, shape, data: new Float32Array(data.length) })),
    );
  // The generator's moving average begins with its weights, as in a run that makes them itself.
  const average = weights
    .filter(({ name }) => name.startsWith('generator/'))
    .map((weight) => ({ ...weight, name: `${weight.name}/ema` }));
  const all = sortSpecs([...weights, ...slots, ...average]);
  const writer = await createCheckpointWriter(checkpointsDir, info, all);
  for (const { data } of all)
    await writer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  await writer.commit();
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
