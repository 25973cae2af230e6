import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GanTrainError } from '@gan-train/service';
import type * as h5wasm from 'h5wasm';
import type { Dataset, File as H5File, Group } from 'h5wasm';
import {
  orderWeights,
  permuteColumns,
  roleOf,
  type DataFormat,
  type FirstDense,
  type KerasLayer,
} from './keras-layers.js';
import type { NamedTensor } from './safetensors.js';

export interface EncodeKerasOptions {
  /** The format of the Keras model that is to load the file. */
  readonly dataFormat: DataFormat;
  /** Of a generator: needed for channels_first. */
  readonly firstDense?: FirstDense;
}

export interface LoadKerasOptions {
  /** Overrides what the file says. */
  readonly dataFormat?: DataFormat;
  /** Of a generator: needed if the file is channels_first. It is the file's first layer with weights, whatever its name. */
  readonly firstDense?: Pick<FirstDense, 'm' | 'filters'>;
}

export interface LoadedKerasLayer {
  readonly name: string;
  /** Named `<layer>/<role>`, such as `dense/kernel`; columns in channels_last order. */
  readonly weights: readonly NamedTensor[];
}

/** Without keras_version tf_keras takes the file for one of Keras 1 and silently loads wrong transposed kernels. */
const kerasVersion = '2.15.0';
/** What the file itself says about the order of the first Dense layer's columns; our own attribute. */
const dataFormatAttribute = 'data_format';

/**
 * Weights as Keras's legacy `save_weights` writes them (an .h5 that `load_weights` of tf_keras and Keras 3 reads):
 * superblock 0, contiguous float32, layers in the order given. Weights are taken in our channels_last order.
 */
export async function encodeKerasWeights(
  layers: readonly KerasLayer[],
  { dataFormat, firstDense }: EncodeKerasOptions,
): Promise<Uint8Array> {
  return withMemoryFile((h5, path) => {
    // The superblock of version 0 that h5py writes by default needs the oldest lower bound.
    const file = new h5.File(path, 'w', { libver: ['earliest', 'v108'] });
    try {
      writeText(file, 'backend', 'tensorflow');
      writeText(file, 'keras_version', kerasVersion);
      writeText(file, dataFormatAttribute, dataFormat);
      writeTexts(
        file,
        'layer_names',
        layers.map(({ name }) => name),
      );
      for (const layer of layers) writeLayer(file, layer, dataFormat, firstDense);
    } finally {
      file.close();
    }
    return h5.FS.readFile(path);
  });
}

/**
 * Reads legacy Keras weights (also out of a whole-model .h5), ours or Keras's own, with columns brought to channels_last
 * order. The file's `data_format` attribute decides, `options.dataFormat` overrides it; a file without it is taken for
 * channels_first, the tutorial's. Throws `bad_checkpoint` for a file that is something else.
 */
export async function loadKerasWeights(
  source: string | Uint8Array,
  options: LoadKerasOptions = {},
): Promise<{ dataFormat: DataFormat; layers: LoadedKerasLayer[] }> {
  const name = typeof source === 'string' ? source : 'the .h5 weights';
  const bytes = typeof source === 'string' ? await readBytes(source) : source;
  return withMemoryFile((h5, path) => {
    h5.FS.writeFile(path, bytes);
    let file: H5File;
    try {
      file = new h5.File(path, 'r');
    } catch (thrown) {
      throw badWeights(name, 'it is not an HDF5 file, or it is cut off', thrown);
    }
    try {
      return readFileWeights(file, name, options);
    } catch (thrown) {
      if (thrown instanceof GanTrainError) throw thrown;
      throw badWeights(name, String(thrown), thrown);
    } finally {
      file.close();
    }
  });
}

type H5 = Pick<typeof h5wasm, 'File'> & { FS: FS.FileSystemType };

/** HDF5 files live in the memory of the WebAssembly module: nothing touches the disk, and no path can clash. */
async function withMemoryFile<T>(use: (h5: H5, path: string) => T): Promise<T> {
  const { File, ready } = await import('h5wasm');
  const hdf5 = await ready;
  const { FS } = hdf5;
  hdf5.activate_throwing_error_handler(); // HDF5's own way is a line on stderr and a status that nobody looks at
  const path = `/tmp/${randomBytes(8).toString('hex')}.h5`;
  try {
    return withoutClock(() => use({ File, FS }, path));
  } finally {
    if (FS.analyzePath(path).exists) FS.unlink(path);
  }
}

/** HDF5 stamps data sets with the time, but a file is to be a function of its weights. Nothing else runs before it ends. */
function withoutClock<T>(use: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return use();
  } finally {
    Date.now = now;
  }
}

function writeLayer(
  file: H5File,
  layer: KerasLayer,
  dataFormat: DataFormat,
  firstDense: FirstDense | undefined,
): void {
  // The name is doubled: group <layer>, in it <layer>/kernel:0.
  const outer = file.create_group(layer.name);
  const inner = outer.create_group(layer.name);
  const weights = orderWeights(layer);
  writeTexts(
    outer,
    'weight_names',
    weights.map((weight) => `${layer.name}/${roleOf(weight.name)}:0`),
  );
  const permutes = dataFormat === 'channels_first' && firstDense?.layer === layer.name;
  for (const weight of weights) {
    const { shape, data } = permutes ? permuteColumns(weight, firstDense, dataFormat) : weight;
    inner.create_dataset({ name: `${roleOf(weight.name)}:0`, data, shape: [...shape], dtype: '<f' });
  }
}

/** HDF5 fixed-length strings here are null-terminated, so they are one byte longer than the longest text. */
function textType(texts: readonly string[]): string {
  return `A${1 + Math.max(0, ...texts.map((text) => Buffer.byteLength(text)))}`;
}

function writeText(target: Group, name: string, text: string): void {
  target.create_attribute(name, text, [], textType([text]));
}

function writeTexts(target: Group, name: string, texts: readonly string[]): void {
  target.create_attribute(name, [...texts], [texts.length], textType(texts));
}

function readFileWeights(
  file: H5File,
  name: string,
  { dataFormat: forced, firstDense }: LoadKerasOptions,
): { dataFormat: DataFormat; layers: LoadedKerasLayer[] } {
  const root = file.keys().includes('model_weights') ? (file.get('model_weights') as Group) : file;
  const layerNames = readTexts(root, 'layer_names');
  if (!layerNames) {
    const newLayout = file.keys().includes('layers');
    throw badWeights(name, newLayout ? 'it has the Keras 3 layout' : 'it has no layer_names');
  }
  const dataFormat = forced ?? dataFormatOf(root) ?? 'channels_first';
  const layers = layerNames
    .map((layer) => ({ name: layer, weights: readLayer(root, layer, name) }))
    .filter(({ weights }) => weights.length > 0);
  const first = layers[0];
  if (first && firstDense && dataFormat === 'channels_first') {
    first.weights = first.weights.map((weight) => permuteColumns(weight, firstDense, 'channels_last'));
  }
  return { dataFormat, layers };
}

function readLayer(root: Group, layerName: string, name: string): NamedTensor[] {
  const group = root.get(layerName) as Group | null;
  const weightNames = group && readTexts(group, 'weight_names');
  if (!group || !weightNames) throw badWeights(name, `layer ${layerName} is missing`);
  return weightNames.map((weightName) => {
    const dataset = group.get(weightName) as Dataset | null;
    const data = dataset?.value;
    if (!dataset?.shape || !(data instanceof Float32Array)) {
      throw badWeights(name, `${layerName}: ${weightName} is not a float32 array`);
    }
    return { name: `${layerName}/${roleOf(weightName).replace(/:\d+$/, '')}`, shape: dataset.shape, data };
  });
}

/** An attribute with a list of texts; a layer without weights has an empty list of float64. */
function readTexts(group: Group, attribute: string): string[] | undefined {
  const value = group.attrs[attribute]?.json_value;
  if (!Array.isArray(value)) return undefined;
  return value.filter((text): text is string => typeof text === 'string');
}

function dataFormatOf(root: Group): DataFormat | undefined {
  const value = root.attrs[dataFormatAttribute]?.json_value;
  return value === 'channels_first' || value === 'channels_last' ? value : undefined;
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw badWeights(path, (thrown as Error).message, thrown);
  }
}

function badWeights(name: string, reason: string, cause?: unknown): GanTrainError {
  return new GanTrainError(
    'bad_checkpoint',
    `${name} can't be read as Keras weights: ${reason}`,
    'write it with model.save_weights("name.h5") of tf_keras, or gan-train itself',
    cause,
  );
}
