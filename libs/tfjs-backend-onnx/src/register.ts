import { findBackend, registerBackend, registerKernel } from '@tensorflow/tfjs-core';
import { OnnxBackend } from './backend.js';
import { createFallback } from './fallback.js';
import { lazyKernels } from './kernels/index.js';
import { executionProviders } from './onnx/binding.js';
import type { ExecutionProvider } from './onnx/binding.js';

export interface OnnxBackendOptions {
  /** Threads that an operator may use; 1 if left out. Another number may give other last bits. */
  readonly threads?: number;
  /**
   * What computes; 'cpu' if left out. 'cuda' needs ONNX Runtime's CUDA provider library, which npm's package comes without,
   * and gives other last bits.
   */
  readonly executionProvider?: ExecutionProvider;
  /** Compiled graphs that are kept; 32 if left out. */
  readonly maxSessions?: number;
  /** Recorded nodes after which everything pending is computed unasked; 20,000 if left out. */
  readonly maxPendingNodes?: number;
}

export const BACKEND_NAME = 'onnx';

/**
 * Registers backend 'onnx' with TensorFlow.js, with priority 0, so that it is used only after
 * `await tf.setBackend('onnx')`. The kernels that are not recorded are those of @tensorflow/tfjs-backend-cpu.
 *
 * Throws if a number is not a positive whole one, if there is no such provider, or if the backend is registered already.
 * A provider that does not load makes the first computation throw.
 */
export function registerOnnxBackend(options: OnnxBackendOptions = {}): void {
  const { threads = 1, maxSessions = 32, maxPendingNodes = 20_000, executionProvider = 'cpu' } = options;
  for (const [name, value] of Object.entries({ threads, maxSessions, maxPendingNodes })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`option ${name} of backend 'onnx' must be a positive whole number, not ${value}`);
    }
  }
  if (!executionProviders.includes(executionProvider)) {
    const known = executionProviders.join(' or ');
    throw new Error(
      `option executionProvider of backend 'onnx' must be ${known}, not ${String(executionProvider)}`,
    );
  }
  const fallback = createFallback();
  const create = (): OnnxBackend =>
    new OnnxBackend({ threads, maxSessions, maxPendingNodes, executionProvider }, fallback);
  if (!registerBackend(BACKEND_NAME, create, 0)) throw new Error("backend 'onnx' is registered already");
  const lazy = new Map(lazyKernels.map((kernel) => [kernel.name, kernel]));
  for (const kernelName of new Set([...lazy.keys(), ...fallback.kernelNames])) {
    registerKernel({
      kernelName,
      backendName: BACKEND_NAME,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as OnnxBackend).runKernel(kernelName, lazy.get(kernelName), inputs, attrs ?? {}),
    });
  }
}

/** The backend, for its `flush` and `stats`. Throws if it isn't registered. */
export function onnxBackend(): OnnxBackend {
  const backend = findBackend(BACKEND_NAME);
  if (!(backend instanceof OnnxBackend)) throw new Error("backend 'onnx' is not registered");
  return backend;
}
