/** Both networks as plain data, from which the models, their buffers and the weight files' layers are made. */
import { type ModelOptions, presets, stagesFromSize } from './presets.js';

export type NetworkName = 'generator' | 'discriminator';

/** One layer, in channels-last terms; every convolution is 5 x 5 with `same` padding. Names are those Keras gives. */
export type LayerSpec = { name: string } & (
  | { kind: 'dense'; units: number; bias: boolean }
  | { kind: 'conv2d'; filters: number; strides: number; bias: boolean }
  | { kind: 'conv2d_transpose'; filters: number; strides: number; bias: boolean }
  | { kind: 'batch_normalization'; momentum: number; epsilon: number }
  | { kind: 'activation'; activation: 'relu' | 'tanh' | 'sigmoid' }
  | { kind: 'leaky_re_lu'; alpha: number }
  | { kind: 'max_pooling2d' }
  | { kind: 'reshape'; shape: readonly [number, number, number] }
  | { kind: 'flatten' }
);

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type UnnamedLayer = DistributiveOmit<LayerSpec, 'name'>;

export const kernelSize = 5;

/**
 * The layers of both networks, generator first. A name counts the layers of its kind through both networks, as Keras
 * does in a program that builds the generator and then the discriminator.
 */
export function layersFromOptions(options: ModelOptions): Record<NetworkName, readonly LayerSpec[]> {
  const counts = new Map<string, number>();
  const named = (layer: UnnamedLayer): LayerSpec => {
    const count = counts.get(layer.kind) ?? 0;
    counts.set(layer.kind, count + 1);
    return { name: count === 0 ? layer.kind : `${layer.kind}_${count}`, ...layer };
  };
  const networks = options.preset === 'seed' ? seedNetworks(options) : dcganNetworks(options);
  return { generator: networks.generator.map(named), discriminator: networks.discriminator.map(named) };
}

/**
 * The tutorial's networks. Batch normalization, which stands commented out there, goes between each hidden convolution
 * and its activation, with Keras' defaults; the convolutions keep their biases, so that the tutorial's layers stay as
 * they are.
 */
function seedNetworks({
  size,
  channels,
  width,
  batchNorm,
}: ModelOptions): Record<NetworkName, UnnamedLayer[]> {
  const small = size / 8;
  const normalized = batchNorm ? [batchNormalization(0.99, 1e-3)] : [];
  return {
    generator: [
      dense(4 * width * small * small),
      activation('relu'),
      { kind: 'reshape', shape: [small, small, 4 * width] },
      ...[4 * width, 2 * width, width].flatMap((filters) => [
        transposed(filters),
        ...normalized,
        activation('relu'),
      ]),
      { kind: 'conv2d', filters: channels, strides: 1, bias: true },
      activation('tanh'),
    ],
    discriminator: [
      ...[2 * width, 4 * width, 8 * width].flatMap((filters): UnnamedLayer[] => [
        { kind: 'conv2d', filters, strides: 1, bias: true },
        ...normalized,
        leaky('seed'),
        { kind: 'max_pooling2d' },
      ]),
      { kind: 'flatten' },
      dense(32 * width),
      leaky('seed'),
      dense(1),
      activation('sigmoid'),
    ],
  };
}

/**
 * DCGAN's networks (Radford, Metz, Chintala 2016): batch normalization in both but for G's output and D's input. A
 * layer that is normalized has no bias: the mean takes it out again, and Adam would turn what is left of its
 * gradient, rounding noise, into steps of full length.
 *
 * Momentum 0.9 and epsilon 1e-5 are those of the paper's code and of PyTorch. With Keras' 0.99 the running statistics
 * would still be half their initial values after 70 steps, and the first grids would show it.
 *
 * The first normalization follows the reshape, over channels: over single pixels a shard would have as few values as
 * items.
 */
function dcganNetworks({
  preset,
  size,
  channels,
  width,
  batchNorm,
}: ModelOptions): Record<NetworkName, UnnamedLayer[]> {
  const stages = stagesFromSize(preset, size);
  const small = size / 2 ** stages;
  const filters = Array.from({ length: stages }, (_, stage) => width * 2 ** stage);
  const deepest = width * 2 ** (stages - 1);
  const normalized = batchNorm ? [batchNormalization(0.9, 1e-5)] : [];
  return {
    generator: [
      dense(deepest * small * small, !batchNorm),
      { kind: 'reshape', shape: [small, small, deepest] },
      ...normalized,
      activation('relu'),
      ...filters
        .slice(0, -1)
        .reverse()
        .flatMap((count) => [transposed(count, !batchNorm), ...normalized, activation('relu')]),
      transposed(channels),
      activation('tanh'),
    ],
    discriminator: [
      ...filters.flatMap((count, stage): UnnamedLayer[] => [
        { kind: 'conv2d', filters: count, strides: 2, bias: stage === 0 || !batchNorm },
        ...(stage === 0 ? [] : normalized),
        leaky('dcgan'),
      ]),
      { kind: 'flatten' },
      dense(1),
      activation('sigmoid'),
    ],
  };
}

function dense(units: number, bias = true): UnnamedLayer {
  return { kind: 'dense', units, bias };
}

function transposed(filters: number, bias = true): UnnamedLayer {
  return { kind: 'conv2d_transpose', filters, strides: 2, bias };
}

function batchNormalization(momentum: number, epsilon: number): UnnamedLayer {
  return { kind: 'batch_normalization', momentum, epsilon };
}

function activation(name: 'relu' | 'tanh' | 'sigmoid'): UnnamedLayer {
  return { kind: 'activation', activation: name };
}

function leaky(preset: ModelOptions['preset']): UnnamedLayer {
  return { kind: 'leaky_re_lu', alpha: presets[preset].leakyReluAlpha };
}
