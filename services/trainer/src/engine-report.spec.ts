import { describe, expect, it } from 'vitest';
import { decideAuto, type EngineStatus } from './engine-report.js';

const built = (name: 'onnx' | 'cpu', loads = true): EngineStatus => ({
  name,
  source: 'built in',
  loads,
  ...(!loads && { reason: `${name} is broken` }),
});
const native = (loads: boolean): EngineStatus => ({
  name: 'tensorflow',
  source: 'engine add',
  loads,
  ...(!loads && { reason: 'no driver' }),
});
const unset = { named: undefined, onnxProvider: 'cpu', gpuRequired: false } as const;

describe('auto', () => {
  it.each([
    [[native(true)], 'tensorflow', 'it is the first that loads'],
    [[native(false), native(true)], 'tensorflow', 'it is the first that loads'],
    [[native(false)], 'onnx', 'no native TensorFlow loads, and it is the next that loads'],
    [[], 'onnx', 'no native TensorFlow is installed, and it is the next that loads'],
  ])('of natives %j takes %s', (natives, engine, reason) => {
    expect(decideAuto([...natives, built('onnx'), built('cpu')], unset)).toEqual({ engine, reason });
  });

  it('is refused when what is named does not load', () => {
    const engines = [native(false), built('onnx'), built('cpu')];
    expect(decideAuto(engines, { ...unset, named: '/x' })).toEqual({
      engine: null,
      reason: 'GAN_TRAIN_TFJS_NODE=/x: it does not load: no driver',
    });
  });

  it.each([
    [[], 'no native TensorFlow is installed'],
    [[native(true)], 'it finds no GPU'],
    [[native(false), native(true)], 'it does not load: no driver; it finds no GPU'],
  ])('is refused when a GPU is required, of natives %j', (natives, problem) => {
    const engines = [...natives, built('onnx'), built('cpu')];
    const reason = `GAN_TRAIN_GPU=required: ${problem}`;
    expect(decideAuto(engines, { ...unset, gpuRequired: true })).toEqual({ engine: null, reason });
  });

  it('takes the first with a GPU when one is required', () => {
    const engines = [native(true), { ...native(true), gpu: true }, built('onnx'), built('cpu')];
    expect(decideAuto(engines, { ...unset, gpuRequired: true }).engine).toBe('tensorflow');
  });

  it('is refused when the provider that was chosen does not load, though a native TensorFlow would', () => {
    const engines = [native(true), built('onnx', false), built('cpu')];
    expect(decideAuto(engines, { ...unset, onnxProvider: 'cuda' })).toEqual({
      engine: null,
      reason: 'onnx is broken',
    });
  });
});
