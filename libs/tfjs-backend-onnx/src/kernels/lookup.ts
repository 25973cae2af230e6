/** Kernels that make or use indices. */
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import { plainName, plainValue, viewOf } from '../emit/value.js';
import { inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';
import { reducedShape } from './reduce.js';

const GATHER_OP: LazyOp = {
  name: 'GatherV2',
  emit: (writer, [x, indices], { axis }: { axis: number }) => {
    const shape = gatheredShape(x!.shape, indices!.shape, axis);
    const names = [plainName(writer, x!), plainName(writer, indices!)];
    return [plainValue(writer.op('Gather', names, { axis }), shape, x!.dtype)];
  },
};

function gatheredShape(shape: readonly number[], indices: readonly number[], axis: number): number[] {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}

function recordGather(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const indices = inputOf(call, 'indices');
  const dtype = tensorDtype(x.dtype);
  if (!dtype || indices.dtype !== 'int32' || call.attributes.batchDims) return undefined;
  const axis = util.parseAxisParam(call.attributes.axis as number, x.shape)[0]!;
  const size = x.shape[axis]!;
  // Indices that are still to be computed can't be looked at: those beyond the axis are then refused at the read.
  for (const index of call.recorder.knownValues(indices) ?? []) {
    util.assert(
      index >= 0 && index < size,
      () => `GatherV2: the index value ${index} is not in [0, ${size - 1}]`,
    );
  }
  const inputs = [call.recorder.use(x), call.recorder.use(indices)];
  const shape = gatheredShape(x.shape, indices.shape, axis);
  return call.recorder.record(GATHER_OP, inputs, { axis }, [{ shape, dtype }])[0];
}

interface OneHotAttributes {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

/** Compares each index with 0 .. depth - 1, so that one out of range is all off, as in TensorFlow.js. */
const ONE_HOT_OP: LazyOp = {
  name: 'OneHot',
  emit: (writer, [indices], { depth, onValue, offValue }: OneHotAttributes) => {
    const shape = [...indices!.shape, depth];
    const column = plainName(writer, viewOf(writer, indices!, [...indices!.shape, 1]));
    const range = writer.numbers([...Array(depth).keys()], [depth], 'int32');
    const hit = writer.op('Equal', [column, range]);
    const hot = writer.op('Where', [hit, writer.scalar(onValue), writer.scalar(offValue)]);
    return [plainValue(hot, shape, 'float32')];
  },
};

function recordOneHot(call: KernelCall): TensorInfo | undefined {
  const indices = inputOf(call, 'indices');
  const { depth, onValue, offValue, dtype } = call.attributes as unknown as OneHotAttributes & {
    dtype: string;
  };
  if (dtype !== 'float32' || indices.dtype !== 'int32') return undefined;
  const output = { shape: [...indices.shape, depth], dtype: 'float32' as const };
  const attributes = { depth, onValue, offValue };
  return call.recorder.record(ONE_HOT_OP, [call.recorder.use(indices)], attributes, [output])[0];
}

/** The place of the largest number. What is not a number is passed over, as in TensorFlow.js. */
const ARG_MAX_OP: LazyOp = {
  name: 'ArgMax',
  emit: (writer, [x], { axis }: { axis: number }) => {
    const name = plainName(writer, x!);
    const isNaN = writer.op('IsNaN', [name]);
    const numbers = writer.op('Where', [isNaN, writer.scalar(-Infinity), name]);
    const index = writer.op('ArgMax', [numbers], { axis, keepdims: 0 });
    return [plainValue(writer.cast(index, 'int32'), reducedShape(x!.shape, [axis], false), 'int32')];
  },
};

function recordArgMax(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const axes = util.parseAxisParam(call.attributes.axis as number, x.shape);
  if (x.dtype !== 'float32' || axes.length !== 1) return undefined;
  const shape = reducedShape(x.shape, axes, false);
  const attributes = { axis: axes[0]! };
  return call.recorder.record(ARG_MAX_OP, [call.recorder.use(x)], attributes, [{ shape, dtype: 'int32' }])[0];
}

export const lookupKernels: readonly LazyKernel[] = [
  { name: 'GatherV2', record: recordGather },
  { name: 'OneHot', record: recordOneHot },
  { name: 'ArgMax', record: recordArgMax },
];
