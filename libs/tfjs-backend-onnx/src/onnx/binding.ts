/**
 * The one place that touches onnxruntime-node's native binding.
 *
 * TensorFlow.js kernels are synchronous, and the package's public `InferenceSession.run` is not: it defers the very
 * call made here with setImmediate. The binding isn't a public API, so package.json pins onnxruntime-node exactly and
 * `binding.spec.ts` holds what is relied on.
 */
import { createRequire } from 'node:module';
import { Tensor } from 'onnxruntime-common';
import type * as bindingModule from 'onnxruntime-node/dist/binding.js';

/** Elements of a tensor of dtype float32, int32 or bool. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;
export type TensorDtype = 'float32' | 'int32' | 'bool';

/** What computes: ONNX Runtime's own kernels, or those of its CUDA provider, a library that npm's package comes without. */
export const executionProviders = ['cpu', 'cuda'] as const;
export type ExecutionProvider = (typeof executionProviders)[number];

export interface SessionOptions {
  /** Intra-op threads; operators themselves always run one after the other. */
  readonly threads: number;
  readonly executionProvider: ExecutionProvider;
}

/** A compiled graph. Inputs and outputs go by name. */
export interface Session {
  /**
   * Runs the graph, blocks until it is done, and returns the named outputs. ONNX Runtime allocates them; the binding would
   * copy even one that it is given to write into.
   */
  run(inputs: Record<string, Tensor>, outputs: readonly string[]): Record<string, Tensor>;
  /** Frees the native session. */
  dispose(): void;
}

type BindingModule = typeof bindingModule;
let loaded: BindingModule | undefined;

/** Loads the native library on first use, so that importing this package costs nothing. */
function loadBinding(): BindingModule {
  if (!loaded) {
    loaded = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as BindingModule;
    loaded.initOrt();
  }
  return loaded;
}

/**
 * Compiles a serialized ONNX model. Throws ONNX Runtime's message when the model is not valid, or when the execution
 * provider does not load; operators that a provider lacks are computed on the CPU.
 */
export function createSession(model: Uint8Array, options: SessionOptions): Session {
  const session: bindingModule.Binding.InferenceSession = new (loadBinding().binding.InferenceSession)();
  session.loadModel(model.buffer as ArrayBuffer, model.byteOffset, model.byteLength, {
    executionProviders: [options.executionProvider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // What is written is what runs. Measured, the optimizer only loses time here: it joins the two moves of a filter's
    // transpose (see emitTranspose) to one that takes five times as long.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
    extra: {
      // Trainers share cores: an idle thread must not spin on one that a peer could use.
      session: { intra_op: { allow_spinning: '0' } },
    },
  });
  return {
    run: (inputs, outputs) => {
      const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
      return session.run(inputs, fetches, {});
    },
    dispose: () => session.dispose(),
  };
}

/** Wraps values, without a copy, for a session. The values must not lie in a SharedArrayBuffer. */
export function tensorFromValues(values: TensorValues, dtype: TensorDtype, shape: readonly number[]): Tensor {
  return new Tensor(dtype, values, shape);
}
