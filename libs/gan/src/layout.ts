/** How a network's tensors and a phase's results lie in flat buffers. No tensors here: a layout follows from the options. */
import { kernelSize, type LayerSpec, layersFromOptions, type NetworkName } from './architecture.js';
import type { ModelOptions } from './presets.js';

/** A tensor within a flat buffer; offset and length in elements. */
export interface TensorSpec {
  /** `<layer>/<weight>` as in Keras: 'dense/kernel', 'batch_normalization/moving_mean'. */
  name: string;
  shape: readonly number[];
  offset: number;
  length: number;
}

/**
 * One flat Float32Array a network: the trainable tensors, the last layer's first, which is the order in which
 * backpropagation makes their gradients; then the running statistics, in the same order.
 */
export interface NetworkLayout {
  network: NetworkName;
  trainable: readonly TensorSpec[];
  running: readonly TensorSpec[];
  trainableLength: number;
  length: number;
}

/**
 * The buffer that a phase reduces over the shards: gradients at their weights' offsets, batch statistics at the running
 * statistics' offsets, then the scalars. `d`: loss, real = mean D(x), fake = mean D(G(z)); `g`: loss, fake.
 */
export interface PhaseLayout {
  phase: 'd' | 'g';
  network: NetworkLayout;
  scalars: readonly string[];
  length: number;
  /** Share of a running statistic that a phase keeps. */
  momentum: number;
}

export interface GanLayouts {
  layouts: Record<NetworkName, NetworkLayout>;
  phases: { d: PhaseLayout; g: PhaseLayout };
}

/** The layouts of both networks and both phases. The options must be free of `modelProblems`. */
export function layoutsFromOptions(options: ModelOptions): GanLayouts {
  const layers = layersFromOptions(options);
  const generator = networkLayout('generator', layers.generator, [options.latentDim]);
  const discriminator = networkLayout('discriminator', layers.discriminator, [
    options.size,
    options.size,
    options.channels,
  ]);
  return {
    layouts: { generator, discriminator },
    phases: {
      d: phaseLayout('d', discriminator, layers.discriminator, ['loss', 'real', 'fake']),
      g: phaseLayout('g', generator, layers.generator, ['loss', 'fake']),
    },
  };
}

function networkLayout(network: NetworkName, layers: readonly LayerSpec[], input: number[]): NetworkLayout {
  const trainable: [name: string, shape: number[]][] = [];
  const running: [name: string, shape: number[]][] = [];
  let shape = input;
  for (const layer of layers) {
    const weights = weightShapes(layer, shape);
    const names = Object.entries(weights).map(([name, size]): [string, number[]] => [
      `${layer.name}/${name}`,
      size,
    ]);
    trainable.unshift(...names.filter(([name]) => !name.includes('/moving_')));
    running.unshift(...names.filter(([name]) => name.includes('/moving_')));
    shape = outputShape(layer, shape);
  }
  const trainableSpecs = contiguous(trainable, 0);
  const trainableLength = endOf(trainableSpecs, 0);
  const runningSpecs = contiguous(running, trainableLength);
  return {
    network,
    trainable: trainableSpecs,
    running: runningSpecs,
    trainableLength,
    length: endOf(runningSpecs, trainableLength),
  };
}

function phaseLayout(
  phase: 'd' | 'g',
  network: NetworkLayout,
  layers: readonly LayerSpec[],
  scalars: readonly string[],
): PhaseLayout {
  const normalization = layers.find((layer) => layer.kind === 'batch_normalization');
  return {
    phase,
    network,
    scalars,
    length: network.length + scalars.length,
    momentum: normalization?.momentum ?? 0,
  };
}

/** Shapes of a layer's weights in Keras' order, which is TensorFlow.js' too. */
function weightShapes(layer: LayerSpec, input: readonly number[]): Record<string, number[]> {
  const depth = input.at(-1)!;
  switch (layer.kind) {
    case 'dense':
      return { kernel: [depth, layer.units], ...(layer.bias && { bias: [layer.units] }) };
    case 'conv2d':
      return {
        kernel: [kernelSize, kernelSize, depth, layer.filters],
        ...(layer.bias && { bias: [layer.filters] }),
      };
    case 'conv2d_transpose':
      return {
        kernel: [kernelSize, kernelSize, layer.filters, depth],
        ...(layer.bias && { bias: [layer.filters] }),
      };
    case 'batch_normalization':
      return { gamma: [depth], beta: [depth], moving_mean: [depth], moving_variance: [depth] };
    case 'activation':
    case 'leaky_re_lu':
    case 'max_pooling2d':
    case 'reshape':
    case 'flatten':
      return {};
  }
}

/** Shape of what a layer makes of one item of shape `input`. */
export function outputShape(layer: LayerSpec, input: number[]): number[] {
  const [height = 1, width = 1] = input;
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv2d':
      return [height / layer.strides, width / layer.strides, layer.filters];
    case 'conv2d_transpose':
      return [height * layer.strides, width * layer.strides, layer.filters];
    case 'max_pooling2d':
      return [height / 2, width / 2, input.at(-1)!];
    case 'reshape':
      return [...layer.shape];
    case 'flatten':
      return [product(input)];
    case 'batch_normalization':
    case 'activation':
    case 'leaky_re_lu':
      return input;
  }
}

function contiguous(tensors: [name: string, shape: number[]][], from: number): TensorSpec[] {
  let offset = from;
  return tensors.map(([name, shape]) => {
    const spec = { name, shape, offset, length: product(shape) };
    offset += spec.length;
    return spec;
  });
}

function endOf(specs: readonly TensorSpec[], otherwise: number): number {
  const last = specs.at(-1);
  return last === undefined ? otherwise : last.offset + last.length;
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
