/** Kernels that join tensors, and split one. */
import { backend_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import {
  identityPermutation,
  isOnlyNchw,
  nameIn,
  NCHW,
  permutedValue,
  preferredPermutation,
  viewOf,
} from '../emit/value.js';
import { haveDtype, inputList, inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

/** Joins along an axis, in NCHW if some input exists only so: the next convolution will want it. */
const CONCAT_OP: LazyOp = {
  name: 'Concat',
  emit: (writer, inputs, { axis }: { axis: number }) => {
    const first = inputs[0]!;
    const stored = inputs.some(isOnlyNchw) ? NCHW : identityPermutation(first.shape.length);
    const names = inputs.map((x) => nameIn(writer, x, stored));
    const shape = [...first.shape];
    shape[axis] = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return [
      permutedValue(writer.op('Concat', names, { axis: stored.indexOf(axis) }), shape, first.dtype, stored),
    ];
  },
};

function recordConcat(call: KernelCall): TensorInfo | undefined {
  const tensors = inputList(call).filter((t) => util.sizeFromShape(t.shape) > 0);
  const first = tensors[0];
  const dtype = first && tensorDtype(first.dtype);
  if (!dtype || !haveDtype(tensors, dtype)) return undefined;
  const axis = util.parseAxisParam(call.attributes.axis as number, first.shape)[0]!;
  const shapes = tensors.map((t) => t.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const shape = backend_util.computeOutShape(shapes, axis);
  const inputs = tensors.map((t) => call.recorder.use(t));
  return call.recorder.record(CONCAT_OP, inputs, { axis }, [{ shape, dtype }])[0];
}

function recordPack(call: KernelCall): TensorInfo | undefined {
  const tensors = inputList(call);
  const first = tensors[0];
  const dtype = first && tensorDtype(first.dtype);
  if (!dtype || !haveDtype(tensors, dtype)) return undefined;
  for (const t of tensors)
    util.assertShapesMatch(first.shape, t.shape, 'tensors that are stacked must have one shape: ');
  const given = call.attributes.axis as number;
  const axis = given < 0 ? given + first.shape.length + 1 : given;
  const slot = (count: number): number[] => [
    ...first.shape.slice(0, axis),
    count,
    ...first.shape.slice(axis),
  ];
  const inputs = tensors.map((t) => call.recorder.use(t, slot(1)));
  return call.recorder.record(CONCAT_OP, inputs, { axis }, [{ shape: slot(tensors.length), dtype }])[0];
}

interface SplitAttributes {
  readonly axis: number;
  readonly sizes: readonly number[];
  /** Whether the axis, of size 1 in each part, is dropped. */
  readonly unpack: boolean;
}

const SPLIT_OP: LazyOp = {
  name: 'Split',
  emit: (writer, [x], { axis, sizes, unpack }: SplitAttributes) => {
    const stored = preferredPermutation(x!);
    const names = writer.ops('Split', [nameIn(writer, x!, stored), writer.int64s(sizes)], sizes.length, {
      axis: stored.indexOf(axis),
    });
    return names.map((name, i) => {
      const part = permutedValue(name, partShape(x!.shape, axis, sizes[i]!), x!.dtype, stored);
      return unpack ? viewOf(writer, part, dropAxis(x!.shape, axis)) : part;
    });
  },
};

function partShape(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

function dropAxis(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

function recordSplitV(call: KernelCall): TensorInfo[] | undefined {
  const x = inputOf(call, 'x');
  const dtype = tensorDtype(x.dtype);
  const axis = util.parseAxisParam(call.attributes.axis as number, x.shape)[0]!;
  // Of a list, prepareSplitSize replaces a -1 in place.
  const given = structuredClone(call.attributes.numOrSizeSplits as number | number[]);
  const sizes = backend_util.prepareSplitSize(x, given, axis);
  if (!dtype || sizes.includes(0)) return undefined;
  const outputs = sizes.map((size) => ({ shape: partShape(x.shape, axis, size), dtype }));
  return call.recorder.record(SPLIT_OP, [call.recorder.use(x)], { axis, sizes, unpack: false }, outputs);
}

function recordUnpack(call: KernelCall): TensorInfo[] | undefined {
  const x = inputOf(call, 'value');
  const dtype = tensorDtype(x.dtype);
  if (!dtype) return undefined;
  const axis = util.parseAxisParam(call.attributes.axis as number, x.shape)[0]!;
  const sizes = new Array<number>(x.shape[axis]!).fill(1);
  const outputs = sizes.map(() => ({ shape: dropAxis(x.shape, axis), dtype }));
  return call.recorder.record(SPLIT_OP, [call.recorder.use(x)], { axis, sizes, unpack: true }, outputs);
}

export const joinKernels: readonly LazyKernel[] = [
  { name: 'Concat', record: recordConcat },
  { name: 'Pack', record: recordPack },
  { name: 'SplitV', record: recordSplitV },
  { name: 'Unpack', record: recordUnpack },
];
