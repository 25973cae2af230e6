import { GanTrainError } from '@gan-train/service';
import type { NamedTensor, TensorSpec } from './safetensors.js';

export type DataFormat = 'channels_first' | 'channels_last';

/** A layer with weights; their names end in `/kernel`, `/bias`, `/gamma` ... and their shapes are TensorFlow's. */
export interface KerasLayer {
  readonly name: string;
  readonly kind: 'dense' | 'conv2d' | 'conv2d_transpose' | 'batch_normalization';
  readonly weights: readonly NamedTensor[];
}

/**
 * The generator's first Dense layer, whose m*m*filters outputs are reshaped to an image: its columns are in the order
 * (H, W, C) in a channels_last model and (C, H, W) in a channels_first one. All other weights are the same in both.
 */
export interface FirstDense {
  readonly layer: string;
  readonly m: number;
  readonly filters: number;
}

/** The order in which Keras layers list their weights; loading goes by position, not by name. */
const weightOrder = {
  dense: ['kernel', 'bias'],
  conv2d: ['kernel', 'bias'],
  conv2d_transpose: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
} as const satisfies Record<KerasLayer['kind'], readonly string[]>;

/** `generator/dense/kernel` -> `kernel`. */
export function roleOf(tensorName: string): string {
  return tensorName.slice(tensorName.lastIndexOf('/') + 1);
}

/** A layer's weights in Keras's order. Throws `internal` for a weight that such a layer doesn't have. */
export function orderWeights({ name, kind, weights }: KerasLayer): NamedTensor[] {
  const order: readonly string[] = weightOrder[kind];
  for (const weight of weights) {
    if (!order.includes(roleOf(weight.name))) {
      throw new GanTrainError('internal', `layer ${name} (${kind}) has no weight ${weight.name}`);
    }
  }
  return [...weights].sort((a, b) => order.indexOf(roleOf(a.name)) - order.indexOf(roleOf(b.name)));
}

/**
 * Reorders the columns (last axis) of a first-Dense kernel [latent, m*m*filters] or bias [m*m*filters] from (H, W, C) to
 * (C, H, W), or back. Throws `bad_checkpoint` if the last axis is another.
 */
export function permuteColumns<T extends NamedTensor>(
  tensor: T,
  { m, filters }: Pick<FirstDense, 'm' | 'filters'>,
  to: DataFormat,
): T {
  const columns = m * m * filters;
  if (tensor.shape.at(-1) !== columns) {
    throw new GanTrainError(
      'bad_checkpoint',
      `${tensor.name} [${tensor.shape.join(', ')}] doesn't end in ${m} x ${m} x ${filters} columns`,
      'take weights of a model with the same size and width',
    );
  }
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < data.length; row += columns) {
    for (let place = 0; place < m * m; place++) {
      for (let channel = 0; channel < filters; channel++) {
        const last = row + place * filters + channel;
        const first = row + channel * m * m + place;
        if (to === 'channels_first') data[first] = tensor.data[last] ?? 0;
        else data[last] = tensor.data[first] ?? 0;
      }
    }
  }
  return { ...tensor, data };
}

/**
 * Gives weights that were read in model order the names that `expected` has, in the same order. Throws
 * `bad_checkpoint`, naming the first weight that doesn't fit, when number or shapes differ.
 */
export function renameByOrder(
  weights: readonly NamedTensor[],
  expected: readonly TensorSpec[],
  file: string,
): NamedTensor[] {
  const todo = 'take weights of a model with the same size, width and channels';
  const renamed = expected.map(({ name, shape }, index) => {
    const weight = weights[index];
    if (weight && weight.shape.join() === shape.join()) return { name, shape, data: weight.data };
    const found = weight ? `${weight.name} [${weight.shape.join(', ')}]` : 'nothing';
    throw new GanTrainError(
      'bad_checkpoint',
      `${file} doesn't fit the model: ${name} [${shape.join(', ')}] is expected, the file has ${found}`,
      todo,
    );
  });
  const extra = weights[expected.length];
  if (extra)
    throw new GanTrainError('bad_checkpoint', `${file} has more weights than the model: ${extra.name}`, todo);
  return renamed;
}
