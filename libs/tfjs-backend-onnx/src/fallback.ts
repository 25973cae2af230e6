/** TensorFlow.js's own JavaScript kernels, for what is not recorded. */
import { createRequire } from 'node:module';
import { getKernelsForBackend } from '@tensorflow/tfjs-core';
import type {
  BackendValues,
  DataId,
  KernelConfig,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import type * as cpuModule from '@tensorflow/tfjs-backend-cpu';

export interface TensorStore {
  readSync(dataId: DataId): BackendValues;
  write(values: BackendValues, shape: number[], dtype: TensorInfo['dtype']): DataId;
}

/** Runs JavaScript kernels on tensors of another backend. */
export interface Fallback {
  /** Names of the kernels there are. */
  readonly kernelNames: readonly string[];
  /** Reads the inputs from `store`, computes at once, and writes the outputs to it. */
  run(
    name: string,
    store: TensorStore,
    inputs: NamedTensorInfoMap,
    attributes: NamedAttrMap,
  ): TensorInfo | TensorInfo[];
}

/** Loads @tensorflow/tfjs-backend-cpu, which registers its own backend `cpu`. */
export function loadFallback(): Fallback {
  const { MathBackendCPU } = createRequire(import.meta.url)(
    '@tensorflow/tfjs-backend-cpu',
  ) as typeof cpuModule;
  const kernels = new Map(getKernelsForBackend('cpu').map((kernel) => [kernel.kernelName, kernel]));
  const cpu = new MathBackendCPU();
  // Its first write prints a recommendation of another backend.
  (cpu as unknown as { firstUse: boolean }).firstUse = false;
  return {
    kernelNames: [...kernels.keys()],
    run(name, store, inputs, attributes) {
      const kernel = kernels.get(name);
      if (!kernel) throw new Error(`kernel '${name}' has no implementation in backend 'onnx' or 'cpu'`);
      return runKernel(kernel, cpu, store, inputs, attributes);
    },
  };
}

function runKernel(
  kernel: KernelConfig,
  cpu: cpuModule.MathBackendCPU,
  store: TensorStore,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
): TensorInfo | TensorInfo[] {
  const held: DataId[] = [];
  const lend = (tensor: TensorInfo | undefined): TensorInfo | undefined => {
    if (!tensor) return undefined;
    const dataId = cpu.write(store.readSync(tensor.dataId), tensor.shape, tensor.dtype);
    held.push(dataId);
    return { dataId, shape: tensor.shape, dtype: tensor.dtype };
  };
  // Some kernels take a list of tensors where the types speak of a map.
  const lent = Array.isArray(inputs)
    ? (inputs.map(lend) as unknown as NamedTensorInfoMap)
    : Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [key, lend(tensor)]));
  try {
    const results = kernel.kernelFunc({ inputs: lent, attrs: attributes, backend: cpu });
    const take = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => {
      held.push(dataId);
      if (dtype === 'complex64') {
        throw new Error(
          `kernel '${kernel.kernelName}' makes a complex64 tensor, which backend 'onnx' does not have`,
        );
      }
      return { dataId: store.write(cpu.readSync(dataId), shape, dtype), shape, dtype };
    };
    return Array.isArray(results) ? results.map(take) : take(results);
  } finally {
    for (const dataId of held) cpu.disposeData(dataId, true);
  }
}
