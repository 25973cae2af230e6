/** The non-saturating GAN loss (Goodfellow et al. 2014), from logits. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean binary cross-entropy of logits against one label for all: -log(sigmoid(x)) = softplus(-x) for real,
 * -log(1 - sigmoid(x)) = softplus(x) for fake. Equal to the form that takes probabilities, and finite for any finite
 * logit; Keras clips probabilities to [1e-7, 1 - 1e-7] instead, which differs beyond logits of 16.
 */
export function lossFromLogits(logits: tf.Tensor, label: 'real' | 'fake'): tf.Scalar {
  return tf.mean(tf.softplus(label === 'real' ? tf.neg(logits) : logits));
}

/** Mean probability of being real that the logits stand for. */
export function meanProbability(logits: tf.Tensor): tf.Scalar {
  return tf.mean(tf.sigmoid(logits));
}
