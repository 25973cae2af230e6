/** A network's forward pass by functional operations, which differentiate into exactly the kernels that are needed. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayerSpec, NetworkName } from './architecture.js';
import { normalizeByBatch, normalizeByRunning } from './batch-normalization.js';
import { withGradient } from './engine.js';
import type { Gan } from './model.js';

/**
 * Takes a batch statistic under the name of the running statistic that it moves. The tensor lives
 * until the function returns: whoever wants it longer keeps it.
 */
export type OnStatistic = (name: string, value: tf.Tensor) => void;

/** Images [n, size, size, channels] from noise [n, latentDim], with the running statistics. */
export function generateByRunning(gan: Gan, noise: tf.Tensor): tf.Tensor {
  return forward(gan, 'generator', gan.layers.generator, noise);
}

/** Images [n, size, size, channels] from noise [n, latentDim], with the batch's statistics. */
export function generateByBatch(gan: Gan, noise: tf.Tensor, onStatistic: OnStatistic): tf.Tensor {
  return forward(gan, 'generator', gan.layers.generator, noise, onStatistic);
}

/** Logits [n, 1] of images [n, size, size, channels], with the batch's statistics. */
export function discriminateByBatch(gan: Gan, images: tf.Tensor, onStatistic: OnStatistic): tf.Tensor {
  const untilLogits = gan.layers.discriminator.slice(0, -1);
  return forward(gan, 'discriminator', untilLogits, images, onStatistic);
}

function forward(
  gan: Gan,
  network: NetworkName,
  layers: readonly LayerSpec[],
  input: tf.Tensor,
  onStatistic?: OnStatistic,
): tf.Tensor {
  return operationsOf(layers).reduce(
    (x, operation) => applyOperation(operation, x, gan.variables[network], onStatistic),
    input,
  );
}

/** A layer, or the bias of one that is added apart. */
type Operation = LayerSpec | { kind: 'bias'; name: string };

/**
 * What a network computes, in order. A bias and a LeakyReLU before a max pooling come after it instead: both are monotone
 * functions of each channel, and so is their rounding, so the maximum comes out with the same bits and they have a quarter of
 * the elements to do.
 */
function operationsOf(layers: readonly LayerSpec[]): Operation[] {
  const operations: Operation[] = [];
  for (const operation of layers.flatMap(withBiasApart)) {
    const place = operation.kind === 'max_pooling2d' ? endOfOthers(operations) : operations.length;
    operations.splice(place, 0, operation);
  }
  return operations;
}

function withBiasApart(layer: LayerSpec): Operation[] {
  if (layer.kind !== 'conv2d' || !layer.bias) return [layer];
  return [
    { ...layer, bias: false },
    { kind: 'bias', name: layer.name },
  ];
}

/** Where the biases and LeakyReLUs at the end begin. */
function endOfOthers(operations: readonly Operation[]): number {
  return operations.findLastIndex(({ kind }) => kind !== 'bias' && kind !== 'leaky_re_lu') + 1;
}

function applyOperation(
  layer: Operation,
  x: tf.Tensor,
  variables: ReadonlyMap<string, tf.Variable>,
  onStatistic?: OnStatistic,
): tf.Tensor {
  const weight = (name: string) => variables.get(`${layer.name}/${name}`)!;
  switch (layer.kind) {
    case 'dense': {
      const y = tf.matMul(x, weight('kernel'));
      return layer.bias ? tf.add(y, weight('bias')) : y;
    }
    case 'conv2d':
      return tf.conv2d(x as tf.Tensor4D, weight('kernel') as tf.Tensor4D, layer.strides, 'same');
    case 'bias':
      return tf.add(x, weight('bias'));
    case 'conv2d_transpose': {
      const [count, height, width] = (x as tf.Tensor4D).shape;
      const shape: [number, number, number, number] = [
        count,
        height * layer.strides,
        width * layer.strides,
        layer.filters,
      ];
      const kernel = weight('kernel') as tf.Tensor4D;
      const y = tf.conv2dTranspose(x as tf.Tensor4D, kernel, shape, layer.strides, 'same');
      return layer.bias ? tf.add(y, weight('bias')) : y;
    }
    case 'batch_normalization':
      return onStatistic === undefined
        ? normalizeByRunning(x, runningWeights(weight), layer.epsilon)
        : normalizeByBatch(x, weight('gamma'), weight('beta'), layer.epsilon, ({ mean, variance }) => {
            onStatistic(`${layer.name}/moving_mean`, mean);
            onStatistic(`${layer.name}/moving_variance`, variance);
          });
    case 'activation':
      return tf[layer.activation](x);
    case 'leaky_re_lu':
      return leakyRelu(x, layer.alpha);
    case 'max_pooling2d':
      return tf.maxPool(x as tf.Tensor4D, 2, 2, 'same');
    case 'reshape':
      return tf.reshape(x, [x.shape[0], ...layer.shape]);
    case 'flatten':
      return tf.reshape(x, [x.shape[0], -1]);
  }
}

function runningWeights(weight: (name: string) => tf.Variable) {
  return {
    gamma: weight('gamma'),
    beta: weight('beta'),
    mean: weight('moving_mean'),
    variance: weight('moving_variance'),
  };
}

/** LeakyReLU whose gradient is one product with a step; TensorFlow.js' own compares, scales and selects. */
function leakyRelu(x: tf.Tensor, alpha: number): tf.Tensor {
  return withGradient([x], (save) => {
    save([x]);
    return {
      value: tf.leakyRelu(x, alpha),
      gradFunc: (dy, saved) => [tf.mul(dy, tf.step(saved[0]!, alpha))],
    };
  });
}
