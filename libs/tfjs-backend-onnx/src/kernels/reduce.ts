/** Kernels that reduce axes, and softmax. */
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import {
  identityPermutation,
  nameIn,
  permutedValue,
  plainName,
  plainValue,
  preferredPermutation,
} from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { TensorDtype } from '../onnx/binding.js';
import { inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

interface Reduction {
  readonly emit: (
    writer: GraphWriter,
    x: string,
    axes: readonly number[],
    keepDims: boolean,
    dtype: TensorDtype,
  ) => string;
  readonly accepts: readonly TensorDtype[];
}

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  Sum: { emit: simple('ReduceSum'), accepts: ['float32', 'int32'] },
  Mean: { emit: simple('ReduceMean'), accepts: ['float32'] },
  Max: { emit: extreme('ReduceMax'), accepts: ['float32', 'int32'] },
  Min: { emit: extreme('ReduceMin'), accepts: ['float32', 'int32'] },
  Prod: { emit: simple('ReduceProd'), accepts: ['float32'] },
  All: { emit: logical('ReduceMin'), accepts: ['bool'] },
  Any: { emit: logical('ReduceMax'), accepts: ['bool'] },
};

function simple(op: string): Reduction['emit'] {
  return (writer, x, axes, keepDims) => {
    return writer.op(op, [x, writer.int64s(axes)], { keepdims: Number(keepDims) });
  };
}

/** An extreme of floats is NaN where one of them is, as in TensorFlow.js; ONNX Runtime passes it over. */
function extreme(op: string): Reduction['emit'] {
  return (writer, x, axes, keepDims, dtype) => {
    const result = simple(op)(writer, x, axes, keepDims, dtype);
    if (dtype !== 'float32') return result;
    const isNaN = logical('ReduceMax')(writer, writer.op('IsNaN', [x]), axes, keepDims, 'bool');
    return writer.op('Where', [isNaN, writer.scalar(NaN), result]);
  };
}

function logical(op: string): Reduction['emit'] {
  return (writer, x, axes, keepDims) => {
    return writer.cast(simple(op)(writer, writer.cast(x, 'int32'), axes, keepDims, 'int32'), 'bool');
  };
}

/** Reduces in the layout in which the input exists, where the remaining axes come out in TensorFlow.js's order. */
function emitReduction(
  writer: GraphWriter,
  x: GraphValue,
  { axes, keepDims }: ReduceAttributes,
  emit: Reduction['emit'],
): GraphValue {
  const reduced = new Set(axes);
  let permutation = preferredPermutation(x);
  const kept = permutation.filter((axis) => !reduced.has(axis));
  if (!keepDims && kept.some((axis, i) => i > 0 && axis < kept[i - 1]!)) {
    permutation = identityPermutation(x.shape.length);
  }
  const storedAxes = axes.map((axis) => permutation.indexOf(axis)).sort((a, b) => a - b);
  const name = emit(writer, nameIn(writer, x, permutation), storedAxes, keepDims, x.dtype);
  const shape = reducedShape(x.shape, axes, keepDims);
  return keepDims ? permutedValue(name, shape, x.dtype, permutation) : plainValue(name, shape, x.dtype);
}

/** Shape without the axes, or with ones in their place. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function reductionKernel(name: string, { emit, accepts }: Reduction): LazyKernel {
  const op: LazyOp = {
    name,
    emit: (writer, [x], attributes: ReduceAttributes) => [emitReduction(writer, x!, attributes, emit)],
  };
  return {
    name,
    record: (call) => {
      const x = inputOf(call, 'x');
      const dtype = tensorDtype(x.dtype);
      if (!dtype || !accepts.includes(dtype)) return undefined;
      const axis = (call.attributes.axis ?? call.attributes.reductionIndices) as number | number[];
      const axes = util.parseAxisParam(axis, x.shape);
      if (axes.length === 0) return undefined;
      const attributes = { axes, keepDims: Boolean(call.attributes.keepDims) };
      const shape = reducedShape(x.shape, axes, attributes.keepDims);
      return call.recorder.record(op, [call.recorder.use(x)], attributes, [{ shape, dtype }])[0];
    },
  };
}

/** Over the last axis, the only one that TensorFlow.js has it for. */
const SOFTMAX_OP: LazyOp = {
  name: 'Softmax',
  emit: (writer, [x]) => [
    plainValue(writer.op('Softmax', [plainName(writer, x!)], { axis: -1 }), x!.shape, 'float32'),
  ],
};

function recordSoftmax(call: KernelCall): TensorInfo | undefined {
  const logits = inputOf(call, 'logits');
  const [axis] = util.parseAxisParam(call.attributes.dim as number, logits.shape);
  if (logits.dtype !== 'float32' || axis !== logits.shape.length - 1) return undefined;
  const output = { shape: logits.shape, dtype: 'float32' as const };
  return call.recorder.record(SOFTMAX_OP, [call.recorder.use(logits)], undefined, [output])[0];
}

export const reduceKernels: readonly LazyKernel[] = [
  ...Object.entries(REDUCTIONS).map(([name, reduction]) => reductionKernel(name, reduction)),
  { name: 'Softmax', record: recordSoftmax },
];
