import { findBackend, findBackendFactory } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { onnxBackend, registerOnnxBackend } from './register.js';
import type { OnnxBackendOptions } from './register.js';

describe('registering the backend', () => {
  it.each([
    [{ threads: 0 }, "option threads of backend 'onnx' must be a positive whole number, not 0"],
    [{ maxSessions: 1.5 }, "option maxSessions of backend 'onnx' must be a positive whole number, not 1.5"],
    [
      { executionProvider: 'coreml' },
      "option executionProvider of backend 'onnx' must be cpu or cuda, not coreml",
    ],
  ])('refuses %j by name, and registers nothing', (options, message) => {
    expect(() => registerOnnxBackend(options as OnnxBackendOptions)).toThrow(message);
    expect(findBackendFactory('onnx') ?? null).toBeNull();
    expect(() => onnxBackend()).toThrow("backend 'onnx' is not registered");
  });

  it('refuses to be done twice', () => {
    registerOnnxBackend({ executionProvider: 'cpu' });
    expect(findBackend('onnx')).toBe(onnxBackend());
    expect(() => registerOnnxBackend()).toThrow("backend 'onnx' is registered already");
  });
});
