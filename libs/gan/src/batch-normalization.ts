/**
 * Batch normalization (Ioffe, Szegedy 2015) over all axes but the last. TensorFlow.js' own layer moves its running
 * statistics as a side effect of a training pass; here the batch statistics are values, which are averaged over the
 * shards and move the running statistics once, in `applyPhase`.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { withGradient } from './engine.js';

type LayerArgs = ConstructorParameters<typeof tfl.layers.Layer>[0];

/** Mean and (biased) variance of a batch, each [channels]. */
export interface BatchStatistics {
  mean: tf.Tensor;
  variance: tf.Tensor;
}

/**
 * Normalizes with the batch's own statistics, hands these to `onStatistics`, and lets gradients flow through them.
 * The statistics are no part of the differentiated graph, and live only until `onStatistics` returns: whoever wants
 * them longer keeps them.
 *
 * With N values a channel, c = x - mean and s = gamma / sqrt(variance + epsilon):
 * dx = s (dy - mean(dy)) - c s mean(dy c) / (variance + epsilon).
 *
 * @param x [..., channels]
 */
export function normalizeByBatch(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
  onStatistics: (statistics: BatchStatistics) => void,
): tf.Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  return withGradient([x, gamma, beta], (save) => {
    const mean = tf.mean(x, axes);
    const centred = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centred), axes);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const slope = tf.mul(gamma, inverse);
    onStatistics({ mean, variance });
    save([centred, inverse, slope]);
    return {
      value: tf.add(tf.mul(centred, slope), beta),
      gradFunc: (dy, saved) => gradients(dy, saved, axes),
    };
  });
}

/** Gradients with respect to x, gamma and beta. */
function gradients(dy: tf.Tensor, saved: tf.Tensor[], axes: number[]): tf.Tensor[] {
  const [centred, inverse, slope] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
  const count = axes.reduce((total, axis) => total * dy.shape[axis]!, 1);
  const sum = tf.sum(dy, axes);
  const product = tf.sum(tf.mul(dy, centred), axes);
  const pull = tf.div(tf.mul(tf.mul(slope, tf.square(inverse)), product), count);
  const dx = tf.sub(tf.mul(tf.sub(dy, tf.div(sum, count)), slope), tf.mul(centred, pull));
  return [dx, tf.mul(product, inverse), sum];
}

/** Normalizes with the running statistics, as at inference. All but x are [channels]. */
export function normalizeByRunning(
  x: tf.Tensor,
  weights: { gamma: tf.Tensor; beta: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  epsilon: number,
): tf.Tensor {
  const slope = tf.mul(weights.gamma, tf.rsqrt(tf.add(weights.variance, epsilon)));
  return tf.add(tf.mul(tf.sub(x, weights.mean), slope), weights.beta);
}

/** The layer as a model holds it: weights named as in Keras, and the inference pass. */
export class ShardBatchNormalization extends tfl.layers.Layer {
  static readonly className = 'ShardBatchNormalization';
  readonly epsilon: number;

  constructor(args: LayerArgs & { epsilon: number }) {
    super(args);
    this.epsilon = args.epsilon;
  }

  override build(inputShape: tfl.Shape | tfl.Shape[]): void {
    const channels = (inputShape as tfl.Shape).at(-1)!;
    const ones = tfl.initializers.ones();
    const zeros = tfl.initializers.zeros();
    this.addWeight('gamma', [channels], 'float32', ones);
    this.addWeight('beta', [channels], 'float32', zeros);
    this.addWeight('moving_mean', [channels], 'float32', zeros, undefined, false);
    this.addWeight('moving_variance', [channels], 'float32', ones, undefined, false);
    this.built = true;
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const [gamma, beta, mean, variance] = this.weights.map((weight) => weight.read());
      return normalizeByRunning(
        x,
        { gamma: gamma!, beta: beta!, mean: mean!, variance: variance! },
        this.epsilon,
      );
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.epsilon };
  }
}
tf.serialization.registerClass(ShardBatchNormalization);
