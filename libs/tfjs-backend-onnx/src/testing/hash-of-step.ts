/**
 * Prints the sha256 of the loss and the gradients of a small network, for a test that compares processes. The argument is
 * a number of allocations to make first, so that arrays come to lie elsewhere.
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { onnxBackend, registerOnnxBackend } from '../register.js';
import { tensor } from './numbers.js';

registerOnnxBackend();
await tf.setBackend('onnx');
const held = Array.from({ length: Number(process.argv[2]) }, (_, i) => tf.zeros([100 + 4 * i]));
const kernel = tf.variable(tensor([5, 5, 3, 6], 2));
const dense = tf.variable(tensor([54, 7], 3));
const { value, grads } = tf.variableGrads(() => {
  const y = tf.conv2d(tensor([5, 12, 12, 3]) as tf.Tensor4D, kernel as unknown as tf.Tensor4D, 2, 'same');
  const { mean, variance } = tf.moments(y, [0, 1, 2]);
  const normalized = tf.div(tf.sub(y, mean), tf.sqrt(tf.add(variance, 1e-3)));
  const pooled = tf.maxPool(tf.elu(normalized) as tf.Tensor4D, 2, 2, 'same');
  return tf.mean(tf.softplus(tf.matMul(tf.reshape(pooled, [5, 54]), dense)));
}, [kernel, dense]);
onnxBackend().flush();
const hash = createHash('sha256');
for (const result of [value, grads[kernel.name]!, grads[dense.name]!]) hash.update(result.dataSync());
tf.dispose(held);
process.stdout.write(hash.digest('hex'));
