/** How a TensorFlow.js kernel is recorded. */
import type { DataType, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import type { OutputSpec, Use } from '../lazy/graph.js';
import type { TensorDtype, TensorValues } from '../onnx/binding.js';

/** What kernels may do to the backend: record, never compute. */
export interface Recorder {
  /** The tensor as an input of a node, seen in another shape where one is given. */
  use(tensor: TensorInfo, shape?: readonly number[]): Use;
  /** Records a node and returns its outputs. */
  record(
    op: LazyOp,
    inputs: readonly Use[],
    attributes: unknown,
    outputs: readonly OutputSpec[],
  ): TensorInfo[];
  /** A tensor that shares the data of `tensor`. */
  view(tensor: TensorInfo, shape: readonly number[]): TensorInfo;
  /** The elements of a tensor, where they are known already. */
  knownValues(tensor: TensorInfo): TensorValues | undefined;
  /** A new tensor of rank 0 that holds `value`. */
  scalar(value: number, dtype: TensorDtype): Use;
}

export interface KernelCall {
  readonly recorder: Recorder;
  readonly inputs: NamedTensorInfoMap;
  readonly attributes: NamedAttrMap;
}

/** A kernel of TensorFlow.js that can be recorded. */
export interface LazyKernel {
  /** Its name in TensorFlow.js. */
  readonly name: string;
  /**
   * Records the call, or returns undefined for a case that isn't covered (a dtype, an option): TensorFlow.js's own
   * JavaScript kernel then computes it.
   */
  readonly record: (call: KernelCall) => TensorInfo | TensorInfo[] | undefined;
}

/** The tensor of that name; kernels ask only for inputs that TensorFlow.js always gives. */
export function inputOf(call: KernelCall, name: string): TensorInfo {
  const tensor = call.inputs[name];
  if (!tensor) throw new Error(`a kernel was called without its input '${name}'`);
  return tensor;
}

/** The inputs of a kernel that takes a list. */
export function inputList(call: KernelCall): TensorInfo[] {
  return Object.values(call.inputs).filter((tensor) => tensor !== undefined);
}

/** Whether all tensors have one and the same dtype, one of those listed. */
export function haveDtype(tensors: readonly TensorInfo[], ...dtypes: TensorDtype[]): boolean {
  const first = tensors[0]?.dtype;
  return tensors.every((t) => t.dtype === first) && dtypes.some((dtype) => dtype === first);
}

/** The dtype, where it's one that can be recorded. */
export function tensorDtype(dtype: DataType): TensorDtype | undefined {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool' ? dtype : undefined;
}
