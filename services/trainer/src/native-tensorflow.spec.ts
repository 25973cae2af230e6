import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadEngine } from '@gan-train/trainer/engine';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { installFakes, nativeSource } from './testing/native-fakes.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gan-train-native-'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

it('computes on our tfjs-core, and rounds whole numbers right where TensorFlow gives zeros', async () => {
  const zeros = `
    const round = tf.getKernel('Round', 'tensorflow');
    tf.unregisterKernel('Round', 'tensorflow');
    tf.registerKernel({
      ...round,
      kernelFunc: (call) =>
        call.inputs.x.dtype === 'int32'
          ? call.backend.makeTensorInfo(call.inputs.x.shape, 'int32', new Int32Array(call.inputs.x.shape[0]))
          : round.kernelFunc(call),
    });`;
  await installFakes(root, { 'tfjs-node': nativeSource({ more: zeros }) });
  vi.stubEnv('GAN_TRAIN_TFJS_NODE', root);
  expect(await loadEngine('tensorflow', 1)).toEqual({
    name: 'tensorflow',
    identity: 'tensorflow 2.16.2 cpu tfjs-node 4.22.0',
  });
  expect(tf.getBackend()).toBe('tensorflow');
  const [whole, broken] = [tf.tensor1d([3, -7], 'int32'), tf.tensor1d([2.5, -1.2])];
  expect([...tf.round(whole).dataSync()]).toEqual([3, -7]);
  expect([...tf.round(broken).dataSync()]).toEqual([2, -1]);
  expect(tf.memory().numTensors).toBe(4);
});
