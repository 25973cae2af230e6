import { expect, it } from 'vitest';
import { textFromReport } from './engine-list.js';

it('is a text that says what loads, from where, why not, and what auto takes', () => {
  const text = textFromReport({
    engines: [
      {
        name: 'tensorflow',
        source: 'engine add',
        loads: false,
        reason: 'no driver',
        path: '/home/me/a',
        tensorflow: '2.15.1',
        cuda: true,
      },
      {
        name: 'tensorflow',
        source: 'npm',
        loads: true,
        identity: 'tensorflow 2.9.1 gpu tfjs-node 4.22.0',
        path: '/project',
        gpu: true,
      },
      { name: 'onnx', source: 'built in', loads: true, identity: 'onnxruntime 1.30.0' },
    ],
    onnxCudaProvider: { installed: true, chosen: false, loads: false, reason: 'no libcublas' },
    auto: { engine: 'tensorflow', reason: 'it is the first that loads' },
  });
  expect(text.split('\n')).toEqual([
    'tensorflow  TensorFlow 2.15.1 with CUDA, does not load: no driver',
    '            by gan-train engine add, in /home/me/a',
    'tensorflow  tensorflow 2.9.1 gpu tfjs-node 4.22.0, on a GPU',
    '            by npm, in /project',
    'onnx        onnxruntime 1.30.0',
    '            built in',
    "onnx's CUDA provider: installed, does not load: no libcublas (chosen only by GAN_TRAIN_ONNX_PROVIDER=cuda)",
    'auto takes tensorflow: it is the first that loads',
  ]);
});

it('says that auto is refused, and why', () => {
  const text = textFromReport({
    engines: [],
    onnxCudaProvider: { installed: false, chosen: true, loads: false, reason: 'there is no x' },
    auto: { engine: null, reason: 'no provider' },
  });
  expect(text).toBe(
    "onnx's CUDA provider: not installed (chosen by GAN_TRAIN_ONNX_PROVIDER=cuda)\nauto is refused: no provider",
  );
});
