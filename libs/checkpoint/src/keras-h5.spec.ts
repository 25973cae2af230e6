import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset, File, Group } from 'h5wasm';
import { describe, expect, it, vi } from 'vitest';
import { encodeKerasWeights, loadKerasWeights } from './keras-h5.js';
import { renameByOrder, type KerasLayer } from './keras-layers.js';
import type { NamedTensor } from './safetensors.js';
import { temporaryFolder, tensorOf } from './testing.js';

/** dense (latent 2 -> 2 x 2 x 3) -> transposed convolution -> batch norm -> convolution, in channels_last order. */
const generator: KerasLayer[] = [
  {
    name: 'dense',
    kind: 'dense',
    weights: [tensorOf('generator/dense/bias', [12]), tensorOf('generator/dense/kernel', [2, 12], 9)],
  },
  {
    name: 'conv2d_transpose',
    kind: 'conv2d_transpose',
    weights: [
      tensorOf('generator/conv2d_transpose/kernel', [3, 3, 4, 3], 20),
      tensorOf('generator/conv2d_transpose/bias', [4]),
    ],
  },
  {
    name: 'batch_normalization',
    kind: 'batch_normalization',
    weights: ['beta', 'moving_variance', 'gamma', 'moving_mean'].map((role, index) =>
      tensorOf(`generator/batch_normalization/${role}`, [4], index),
    ),
  },
  {
    name: 'conv2d',
    kind: 'conv2d',
    weights: [tensorOf('generator/conv2d/kernel', [3, 3, 4, 1]), tensorOf('generator/conv2d/bias', [1])],
  },
];
const firstDense = { layer: 'dense', m: 2, filters: 3 };

/** Opens a file with h5wasm as it is, without our loader. */
async function openPlain(bytes: Uint8Array): Promise<File> {
  const { File, ready } = await import('h5wasm');
  const { FS } = await ready;
  FS.writeFile('/plain.h5', bytes);
  return new File('/plain.h5', 'r');
}

const values = (tensor: NamedTensor | undefined): number[] => [...(tensor?.data ?? [])];

describe('encodeKerasWeights', () => {
  it('writes the legacy layout: superblock 0, root attributes, doubled names, contiguous float32', async () => {
    const bytes = await encodeKerasWeights(generator, { dataFormat: 'channels_last' });
    expect([...bytes.subarray(0, 9)]).toEqual([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]);
    const file = await openPlain(bytes);
    const attributes = Object.fromEntries(
      Object.entries(file.attrs).map(([name, { value }]) => [name, value]),
    );
    expect(attributes).toEqual({
      backend: 'tensorflow',
      keras_version: '2.15.0',
      data_format: 'channels_last',
      layer_names: ['dense', 'conv2d_transpose', 'batch_normalization', 'conv2d'],
    });
    expect((file.get('batch_normalization') as Group).attrs.weight_names?.value).toEqual([
      'batch_normalization/gamma:0',
      'batch_normalization/beta:0',
      'batch_normalization/moving_mean:0',
      'batch_normalization/moving_variance:0',
    ]);
    const kernel = file.get('/dense/dense/kernel:0') as Dataset;
    expect([kernel.dtype, kernel.shape, kernel.filters, kernel.metadata.chunks]).toEqual([
      '<f',
      [2, 12],
      [],
      null,
    ]);
    expect(kernel.value).toEqual(generator[0]?.weights[1]?.data);
    expect(file.paths().filter((path) => path.endsWith(':0'))).toHaveLength(10);
    file.close();
  });

  it('puts the first Dense columns in (C, H, W) order for channels_first, and nothing else', async () => {
    const file = await openPlain(
      await encodeKerasWeights(generator, { dataFormat: 'channels_first', firstDense }),
    );
    // (H, W, C) column of each (C, H, W) column of a 2 x 2 image with 3 channels, by hand.
    const columns = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11];
    const read = (path: string): unknown => (file.get(path) as Dataset).value;
    const [bias, kernel] = generator[0]?.weights ?? [];
    expect(read('/dense/dense/bias:0')).toEqual(
      Float32Array.from(columns, (column) => bias?.data[column] ?? NaN),
    );
    const rows = [0, 12].flatMap((row) => columns.map((column) => kernel?.data[row + column] ?? NaN));
    expect(read('/dense/dense/kernel:0')).toEqual(Float32Array.from(rows));
    expect(read('/conv2d/conv2d/kernel:0')).toEqual(generator[3]?.weights[0]?.data);
    file.close();
  });

  it('is a function of its input, whatever the time', async () => {
    const at = async (time: string): Promise<Uint8Array> => {
      vi.setSystemTime(time);
      return encodeKerasWeights(generator, { dataFormat: 'channels_first', firstDense });
    };
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect(await at('2026-11-28T00:00:00Z')).toEqual(await at('2027-01-01T12:34:56Z'));
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a weight that such a layer does not have, and a geometry that does not fit', async () => {
    const odd: KerasLayer = { name: 'dense', kind: 'dense', weights: [tensorOf('dense/kernel/m', [1, 1])] };
    await expect(encodeKerasWeights([odd], { dataFormat: 'channels_last' })).rejects.toThrow(
      'no weight dense/kernel/m',
    );
    const wrong = { layer: 'dense', m: 3, filters: 3 };
    await expect(
      encodeKerasWeights(generator, { dataFormat: 'channels_first', firstDense: wrong }),
    ).rejects.toThrow("doesn't end in 3 x 3 x 3 columns");
  });
});

describe('loadKerasWeights', () => {
  it.each(['channels_first', 'channels_last'] as const)('reads back a %s file', async (dataFormat) => {
    const path = join(await temporaryFolder(), 'gan_gen_weights_16.h5');
    await writeFile(path, await encodeKerasWeights(generator, { dataFormat, firstDense }));
    const loaded = await loadKerasWeights(path, { firstDense });
    expect(loaded.dataFormat).toBe(dataFormat);
    const byName = new Map(
      loaded.layers.flatMap(({ weights }) => weights.map((weight) => [weight.name, weight])),
    );
    const written = generator.flatMap(({ weights }) => weights);
    expect(byName.size).toBe(written.length);
    for (const { name, shape, data } of written) {
      expect(byName.get(name.replace('generator/', ''))).toMatchObject({ shape, data });
    }
  });

  /*
   * Written by tf_keras 2.16: Sequential([Input((2,)), Dense(12), ReLU(), Reshape((3, 2, 2)), Conv2DTranspose(4, 3,
   * strides=2, padding='same'), BatchNormalization(axis=1), Conv2D(1, 3, padding='same')]), both convolutions
   * channels_first; weight k in model order is n/8 with n counting on from weight k - 1.
   */
  it("reads a file of Keras's own, taken for channels_first", async () => {
    const path = fileURLToPath(new URL('../fixtures/tf-keras-generator.h5', import.meta.url));
    const { dataFormat, layers } = await loadKerasWeights(path, { firstDense });
    expect(dataFormat).toBe('channels_first');
    expect(layers.map(({ name }) => name)).toEqual([
      'dense',
      'conv2d_transpose',
      'batch_normalization',
      'conv2d',
    ]);
    const [kernel, bias] = layers[0]?.weights ?? [];
    // Column (h, w, c) holds what was column c * 4 + h * 2 + w.
    const columns = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11];
    expect(values(kernel)).toEqual([...columns, ...columns.map((column) => 12 + column)].map((n) => n / 8));
    expect(values(bias)).toEqual(columns.map((column) => (24 + column) / 8));
    const rest = layers.slice(1).flatMap(({ weights }) => weights.flatMap(values));
    expect(rest).toEqual(Array.from({ length: 108 + 4 + 16 + 36 + 1 }, (_, index) => (36 + index) / 8));

    const forced = await loadKerasWeights(path, { dataFormat: 'channels_last', firstDense });
    expect(values(forced.layers[0]?.weights[0])).toEqual(Array.from({ length: 24 }, (_, n) => n / 8));
  });

  it.each([
    ['no HDF5 file', new TextEncoder().encode('hello'), 'not an HDF5 file'],
    ['an empty one', new Uint8Array(0), 'not an HDF5 file'],
  ])('refuses %s', async (_, bytes, reason) => {
    const failure = loadKerasWeights(bytes);
    await expect(failure).rejects.toMatchObject({ code: 'bad_checkpoint' });
    await expect(failure).rejects.toThrow(reason);
  });

  it('refuses a file that is cut off, and one that is missing', async () => {
    const bytes = await encodeKerasWeights(generator, { dataFormat: 'channels_last' });
    await expect(loadKerasWeights(bytes.subarray(0, bytes.length / 2))).rejects.toMatchObject({
      code: 'bad_checkpoint',
    });
    await expect(loadKerasWeights('/nowhere/w.h5')).rejects.toThrow(
      "/nowhere/w.h5 can't be read as Keras weights",
    );
  });

  it('says that the layout of Keras 3 is not read', async () => {
    const { File, ready } = await import('h5wasm');
    const { FS } = await ready;
    const file = new File('/new.h5', 'w');
    file.create_group('layers');
    file.close();
    await expect(loadKerasWeights(FS.readFile('/new.h5'))).rejects.toThrow('it has the Keras 3 layout');
  });
});

describe('renameByOrder', () => {
  const expected = [
    { name: 'generator/dense/kernel', shape: [2, 12] },
    { name: 'generator/dense/bias', shape: [12] },
  ];

  it('gives the weights the expected names', () => {
    const renamed = renameByOrder(
      [tensorOf('d/kernel', [2, 12], 5), tensorOf('d/bias', [12])],
      expected,
      'w.h5',
    );
    expect(renamed).toEqual([
      tensorOf('generator/dense/kernel', [2, 12], 5),
      tensorOf('generator/dense/bias', [12]),
    ]);
  });

  it.each([
    [
      'another shape',
      [tensorOf('d/kernel', [2, 13])],
      'kernel [2, 12] is expected, the file has d/kernel [2, 13]',
    ],
    ['too few', [tensorOf('d/kernel', [2, 12])], 'bias [12] is expected, the file has nothing'],
    [
      'too many',
      [...expected, { name: 'x', shape: [1] }].map(({ name, shape }) => tensorOf(name, shape)),
      'more weights than the model: x',
    ],
  ])('refuses %s by name', (_, weights, reason) => {
    expect(() => renameByOrder(weights, expected, 'w.h5')).toThrow(reason);
  });
});
