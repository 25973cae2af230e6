// Run as a process of its own, it loads an engine, computes with it, and prints what it is as JSON:
// `node native-probe.js tensorflow ENTRY` a native TensorFlow.js, `node native-probe.js onnx-cuda` ONNX Runtime on a GPU.
import * as tf from '@tensorflow/tfjs-core';
import type { NativeFacts, ProbeAnswer } from './native-search.js';
import { requireNativeTensorflow } from './native-tensorflow.js';

async function load([engine, entry = '']: readonly string[]): Promise<NativeFacts | null> {
  if (engine === 'tensorflow') return requireNativeTensorflow(entry, 1);
  const { registerOnnxBackend } = await import('@gan-train/tfjs-backend-onnx');
  tf.env().set('PROD', true);
  registerOnnxBackend({ executionProvider: 'cuda' });
  await tf.setBackend('onnx');
  return null;
}

/**
 * Libraries are loaded when they are first needed: an engine without its cuDNN, say, starts, and can't convolve. Windows of
 * ones over ones count what they cover: 4 in the corners of 4x4, 6 at its edges, 9 inside.
 */
function checkArithmetic(): void {
  const [image, filter] = [tf.ones<tf.Rank.R4>([1, 4, 4, 1]), tf.ones<tf.Rank.R4>([3, 3, 1, 1])];
  const there = tf.sum(tf.conv2d(image, filter, 1, 'same'));
  const back = tf.sum(tf.conv2dTranspose(image, filter, [1, 4, 4, 1], 1, 'same'));
  const product = tf.sum(tf.matMul(tf.ones([5, 6]), tf.ones([6, 7])));
  const got = [there, back, product].map((sum) => sum.dataSync()[0]);
  if (String(got) !== '100,100,210')
    throw new Error(`it computes ${got.join(', ')} where 100, 100, 210 is right`);
}

async function answer(args: readonly string[]): Promise<ProbeAnswer<NativeFacts | null>> {
  try {
    const facts = await load(args);
    checkArithmetic();
    return { facts };
  } catch (error) {
    // The first line says what; the rest of tfjs-node's advice is for its own installer.
    return {
      error:
        String((error as Error).message)
          .split('\n', 1)[0]
          ?.trim() ?? '',
    };
  }
}

console.log(JSON.stringify(await answer(process.argv.slice(2))));
