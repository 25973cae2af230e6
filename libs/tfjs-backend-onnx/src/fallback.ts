/** TensorFlow.js's own JavaScript kernels, for what is not recorded. */
import { backend_util, getKernelsForBackend } from '@tensorflow/tfjs-core';
import type {
  BackendValues,
  DataId,
  KernelConfig,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';

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

/** The kernels that @tensorflow/tfjs-backend-cpu registers for its own backend `cpu` when it is imported. */
export function createFallback(): Fallback {
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

/** An input as kernels are given it; some take lists of tensors where the types speak of tensors. */
type KernelInput = TensorInfo | readonly TensorInfo[] | undefined;

function runKernel(
  kernel: KernelConfig,
  cpu: MathBackendCPU,
  store: TensorStore,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
): TensorInfo | TensorInfo[] {
  const held: DataId[] = [];
  const lend = (input: KernelInput): unknown => {
    if (!input) return undefined;
    if (isList(input)) return input.map(lend);
    const { shape, dtype } = input;
    const dataId = lendValues(cpu, store.readSync(input.dataId), shape, dtype);
    held.push(dataId);
    // Some kernels ask for the rank, which a tensor has and its description has not.
    return { dataId, shape, dtype, rank: shape.length };
  };
  const lent = Array.isArray(inputs)
    ? inputs.map(lend)
    : Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, lend(input)]));
  try {
    const results = kernel.kernelFunc({
      inputs: lent as NamedTensorInfoMap,
      attrs: attributes,
      backend: cpu,
    });
    const take = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => {
      held.push(dataId);
      return { dataId: store.write(cpu.readSync(dataId), shape, dtype), shape, dtype };
    };
    return Array.isArray(results) ? results.map(take) : take(results);
  } finally {
    for (const dataId of held) cpu.disposeData(dataId, true);
  }
}

function isList(input: KernelInput): input is readonly TensorInfo[] {
  return Array.isArray(input);
}

/** Gives values to the JavaScript backend, which holds the parts of complex numbers apart. */
function lendValues(
  cpu: MathBackendCPU,
  values: BackendValues,
  shape: number[],
  dtype: TensorInfo['dtype'],
): DataId {
  if (dtype !== 'complex64') return cpu.write(values, shape, dtype);
  const parts = backend_util.splitRealAndImagArrays(values as Float32Array);
  const { dataId } = cpu.makeTensorInfo(shape, dtype);
  cpu.data.get(dataId).complexTensorInfos = {
    real: cpu.makeTensorInfo(shape, 'float32', parts.real),
    imag: cpu.makeTensorInfo(shape, 'float32', parts.imag),
  };
  return dataId;
}
