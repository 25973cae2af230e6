/** Kernels that give the same data another shape, and kernels of constants. */
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import { broadcastValue, splatValue } from '../emit/value.js';
import type { TensorDtype } from '../onnx/binding.js';
import { inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

function recordIdentity(call: KernelCall): TensorInfo {
  const x = inputOf(call, 'x');
  return call.recorder.view(x, x.shape);
}

function recordReshape(call: KernelCall): TensorInfo {
  const x = inputOf(call, 'x');
  const size = util.sizeFromShape(x.shape);
  const shape = util.inferFromImplicitShape(call.attributes.shape as number[], size);
  if (util.sizeFromShape(shape) !== size) {
    throw new Error(`a tensor of shape [${x.shape.join()}] can't be reshaped to [${shape.join()}]`);
  }
  return call.recorder.view(x, shape);
}

function recordExpandDims(call: KernelCall): TensorInfo {
  const x = inputOf(call, 'input');
  const dim = call.attributes.dim as number;
  const rank = x.shape.length;
  util.assert(
    -rank - 1 <= dim && dim <= rank,
    () => `expandDims: axis ${dim} is not in [${-rank - 1}, ${rank}]`,
  );
  const axis = dim < 0 ? rank + dim + 1 : dim;
  return call.recorder.view(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
}

const SPLAT_OP: LazyOp = {
  name: 'Splat',
  emit: (
    writer,
    _inputs,
    { value, shape, dtype }: { value: number; shape: number[]; dtype: TensorDtype },
  ) => [splatValue(writer, value, shape, dtype)],
};

const BROADCAST_OP: LazyOp = {
  name: 'BroadcastTo',
  emit: (_writer, [x], { shape }: { shape: number[] }) => [broadcastValue(x!.core ?? x!, shape)],
};

/** Zeros and ones are a part of the graph; any other number is data, so that one graph serves all of them. */
function recordFill(call: KernelCall): TensorInfo | undefined {
  const {
    value,
    shape,
    dtype: givenDtype,
  } = call.attributes as { value: number; shape: number[]; dtype?: 'int32' };
  const dtype = tensorDtype(givenDtype ?? util.inferDtype(value));
  if (!dtype || typeof value !== 'number' || util.sizeFromShape(shape) === 0) return undefined;
  if (value === 0 || value === 1) return recordSplat(call, value, shape, dtype);
  const scalar = call.recorder.scalar(value, dtype);
  return call.recorder.record(BROADCAST_OP, [scalar], { shape }, [{ shape, dtype }])[0];
}

function recordSplat(
  call: KernelCall,
  value: number,
  shape: number[],
  dtype: TensorDtype,
): TensorInfo | undefined {
  return call.recorder.record(SPLAT_OP, [], { value, shape, dtype }, [{ shape, dtype }])[0];
}

function recordLike(value: number): LazyKernel['record'] {
  return (call) => {
    const x = inputOf(call, 'x');
    const dtype = tensorDtype(x.dtype);
    return dtype && recordSplat(call, value, x.shape, dtype);
  };
}

export const viewKernels: readonly LazyKernel[] = [
  { name: 'Identity', record: recordIdentity },
  { name: 'Reshape', record: recordReshape },
  { name: 'ExpandDims', record: recordExpandDims },
  { name: 'Fill', record: recordFill },
  { name: 'ZerosLike', record: recordLike(0) },
  { name: 'OnesLike', record: recordLike(1) },
];
