/** The two networks as TensorFlow.js models, and the flat buffers that go in. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { kernelSize, type LayerSpec, layersFromOptions, type NetworkName } from './architecture.js';
import { ShardBatchNormalization } from './batch-normalization.js';
import { type GanLayouts, layoutsFromOptions } from './layout.js';
import { type ModelOptions, modelProblems } from './presets.js';

/**
 * Both networks with their layouts. The models hold the variables, describe themselves (`summary()`) and predict; the
 * phases compute with the same variables, by functional operations, and leave out the discriminator's last
 * layer, 'sigmoid', because the losses are taken from logits.
 */
export interface Gan extends GanLayouts {
  readonly options: ModelOptions;
  readonly generator: tfl.Sequential;
  readonly discriminator: tfl.Sequential;
  readonly layers: Record<NetworkName, readonly LayerSpec[]>;
  /** By the tensors' names in the layouts. */
  readonly variables: Record<NetworkName, ReadonlyMap<string, tf.Variable>>;
}

/**
 * Builds both networks on the current backend. Their weights are zero until `assignWeights`.
 *
 * @throws Error that lists all of `modelProblems`
 */
export function createGan(options: ModelOptions): Gan {
  const problems = modelProblems(options);
  if (problems.length > 0) throw new Error(`the model can't be built: ${problems.join('; ')}`);
  const layers = layersFromOptions(options);
  const generator = sequential('generator', layers.generator, [options.latentDim]);
  const discriminator = sequential('discriminator', layers.discriminator, [
    options.size,
    options.size,
    options.channels,
  ]);
  return {
    options,
    generator,
    discriminator,
    layers,
    variables: { generator: variablesByName(generator), discriminator: variablesByName(discriminator) },
    ...layoutsFromOptions(options),
  };
}

/** Frees both networks' variables. */
export function disposeGan(gan: Gan): void {
  gan.generator.dispose();
  gan.discriminator.dispose();
}

/**
 * Makes a network's flat weights (see `NetworkLayout`) the values of its variables. Engines read them in place: they must not
 * change before other weights are assigned, or the gan is disposed of. What is pending in a lazy engine must have been computed.
 */
export function assignWeights(gan: Gan, network: NetworkName, weights: Float32Array): void {
  const layout = gan.layouts[network];
  if (weights.length !== layout.length) {
    throw new Error(`the ${network} has ${layout.length} weights, not ${weights.length}`);
  }
  tf.tidy(() => {
    for (const spec of [...layout.trainable, ...layout.running]) {
      const values = weights.subarray(spec.offset, spec.offset + spec.length);
      gan.variables[network].get(spec.name)!.assign(tf.tensor(values, [...spec.shape]));
    }
  });
}

function sequential(name: NetworkName, layers: readonly LayerSpec[], inputShape: number[]): tfl.Sequential {
  const model = tfl.sequential({ name });
  layers.forEach((layer, i) => model.add(kerasLayer(layer, i === 0 ? { inputShape } : {})));
  return model;
}

function variablesByName(model: tfl.Sequential): Map<string, tf.Variable> {
  return new Map(model.weights.map((weight) => [weight.originalName, weight.read() as tf.Variable]));
}

/** Initial values are zeros, because those of a run come from `initialWeights` and never from the engine. */
function kerasLayer(layer: LayerSpec, input: { inputShape?: number[] }): tfl.layers.Layer {
  const { name } = layer;
  const kernel = { name, ...input, kernelInitializer: 'zeros' as const };
  const convolution = { ...kernel, kernelSize, padding: 'same' as const };
  switch (layer.kind) {
    case 'dense':
      return tfl.layers.dense({ ...kernel, units: layer.units, useBias: layer.bias });
    case 'conv2d':
      return tfl.layers.conv2d({
        ...convolution,
        filters: layer.filters,
        strides: layer.strides,
        useBias: layer.bias,
      });
    case 'conv2d_transpose':
      return tfl.layers.conv2dTranspose({
        ...convolution,
        filters: layer.filters,
        strides: layer.strides,
        useBias: layer.bias,
      });
    case 'batch_normalization':
      return new ShardBatchNormalization({ name, epsilon: layer.epsilon });
    case 'activation':
      return tfl.layers.activation({ name, activation: layer.activation });
    case 'leaky_re_lu':
      return tfl.layers.leakyReLU({ name, alpha: layer.alpha });
    case 'max_pooling2d':
      return tfl.layers.maxPooling2d({ name, poolSize: 2, strides: 2, padding: 'same' });
    case 'reshape':
      return tfl.layers.reshape({ name, targetShape: [...layer.shape] });
    case 'flatten':
      return tfl.layers.flatten({ name });
  }
}
