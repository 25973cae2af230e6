/** Kernels that pick, join and reorder elements. */
import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LazyOp } from '../emit/op.js';
import {
  identityPermutation,
  isOnlyNchw,
  nameIn,
  NCHW,
  permutedValue,
  plainName,
  plainValue,
  preferredPermutation,
  sizeOf,
  viewOf,
} from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { haveDtype, inputList, inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

/** The same data in another order of axes: nothing is written until someone needs the elements in that order. */
const TRANSPOSE_OP: LazyOp = {
  name: 'Transpose',
  emit: (writer, [x], { perm }: { perm: number[] }) => {
    const stored = preferredPermutation(x!);
    const shape = perm.map((axis) => x!.shape[axis]!);
    return [
      permutedValue(
        nameIn(writer, x!, stored),
        shape,
        x!.dtype,
        stored.map((axis) => perm.indexOf(axis)),
      ),
    ];
  },
};

function recordTranspose(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const perm = call.attributes.perm as number[];
  const dtype = tensorDtype(x.dtype);
  const shape = perm.map((axis) => x.shape[axis]!);
  return dtype && call.recorder.record(TRANSPOSE_OP, [call.recorder.use(x)], { perm }, [{ shape, dtype }])[0];
}

interface SliceAttributes {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
  /** Shape of the result; of the same size as the slice. */
  readonly shape: readonly number[];
}

const SLICE_OP: LazyOp = {
  name: 'Slice',
  emit: (writer, [x], { begin, end, strides, shape }: SliceAttributes) => {
    const stored = preferredPermutation(x!);
    const cut = stored
      .map((axis, storedAxis) => ({ axis, storedAxis }))
      .filter(({ axis }) => begin[axis] !== 0 || end[axis] !== x!.shape[axis] || strides[axis] !== 1);
    let name = nameIn(writer, x!, stored);
    if (cut.length > 0) {
      name = writer.op('Slice', [
        name,
        writer.int64s(cut.map(({ axis }) => begin[axis]!)),
        writer.int64s(cut.map(({ axis }) => end[axis]!)),
        writer.int64s(cut.map(({ storedAxis }) => storedAxis)),
        writer.int64s(cut.map(({ axis }) => strides[axis]!)),
      ]);
    }
    const sliced = begin.map((from, axis) => Math.ceil((end[axis]! - from) / strides[axis]!));
    return [viewOf(writer, permutedValue(name, sliced, x!.dtype, stored), shape)];
  },
};

function recordSliceOf(call: KernelCall, x: TensorInfo, attributes: SliceAttributes): TensorInfo | undefined {
  const dtype = tensorDtype(x.dtype);
  if (!dtype || sizeOf(attributes.shape) === 0) return undefined;
  const output = { shape: attributes.shape, dtype };
  return call.recorder.record(SLICE_OP, [call.recorder.use(x)], attributes, [output])[0];
}

function recordSlice(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const { begin: givenBegin, size: givenSize } = call.attributes as { begin: number[]; size: number[] };
  const [begin, size] = slice_util.parseSliceParams(x, givenBegin, givenSize) as [number[], number[]];
  slice_util.assertParamsValid(x, begin, size);
  const end = begin.map((from, axis) => from + size[axis]!);
  return recordSliceOf(call, x, { begin, end, strides: begin.map(() => 1), shape: size });
}

function recordStridedSlice(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const a = call.attributes as Record<string, number> & Record<'begin' | 'end' | 'strides', number[]>;
  const info = slice_util.sliceInfo(
    x.shape,
    a.begin,
    a.end,
    a.strides,
    a.beginMask!,
    a.endMask!,
    a.ellipsisMask!,
    a.newAxisMask!,
    a.shrinkAxisMask!,
  );
  if (info.isIdentity) return call.recorder.view(x, info.finalShape);
  const { begin, end, strides, finalShape: shape } = info;
  if (strides.some((stride) => stride < 0)) return undefined;
  return recordSliceOf(call, x, { begin, end, strides, shape });
}

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
  const shape = backend_util.computeOutShape(
    tensors.map((t) => t.shape),
    axis,
  );
  const inputs = tensors.map((t) => call.recorder.use(t));
  return call.recorder.record(CONCAT_OP, inputs, { axis }, [{ shape, dtype }])[0];
}

function recordPack(call: KernelCall): TensorInfo | undefined {
  const tensors = inputList(call);
  const first = tensors[0];
  const dtype = first && tensorDtype(first.dtype);
  if (!dtype || !haveDtype(tensors, dtype)) return undefined;
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
  const sizes = backend_util.prepareSplitSize(x, call.attributes.numOrSizeSplits as number, axis);
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

interface PadAttributes {
  readonly paddings: readonly (readonly [number, number])[];
  readonly constantValue: number;
}

const PAD_OP: LazyOp = {
  name: 'PadV2',
  emit: (writer, [x], { paddings, constantValue }: PadAttributes) => {
    const stored = preferredPermutation(x!);
    const padded = stored.map((axis) => paddings[axis]!);
    const pads = writer.int64s([...padded.map(([before]) => before), ...padded.map(([, after]) => after)]);
    const name = nameIn(writer, x!, stored);
    const shape = x!.shape.map((dim, axis) => dim + paddings[axis]![0] + paddings[axis]![1]);
    return [
      permutedValue(
        writer.op('Pad', [name, pads, writer.scalar(constantValue, x!.dtype)]),
        shape,
        x!.dtype,
        stored,
      ),
    ];
  },
};

function recordPad(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const { paddings, constantValue } = call.attributes as unknown as PadAttributes;
  const dtype = tensorDtype(x.dtype);
  if (!dtype || dtype === 'bool' || x.shape.length === 0) return undefined;
  const shape = x.shape.map((dim, axis) => dim + paddings[axis]![0] + paddings[axis]![1]);
  const attributes = { paddings, constantValue };
  return call.recorder.record(PAD_OP, [call.recorder.use(x)], attributes, [{ shape, dtype }])[0];
}

const TILE_OP: LazyOp = {
  name: 'Tile',
  emit: (writer, [x], { reps }: { reps: number[] }) => {
    const stored = preferredPermutation(x!);
    const repeats = writer.int64s(stored.map((axis) => reps[axis]!));
    const shape = x!.shape.map((dim, axis) => dim * reps[axis]!);
    return [permutedValue(writer.op('Tile', [nameIn(writer, x!, stored), repeats]), shape, x!.dtype, stored)];
  },
};

function recordTile(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const reps = call.attributes.reps as number[];
  const dtype = tensorDtype(x.dtype);
  if (!dtype || x.shape.length === 0 || reps.length !== x.shape.length) return undefined;
  const shape = x.shape.map((dim, axis) => dim * reps[axis]!);
  return call.recorder.record(TILE_OP, [call.recorder.use(x)], { reps }, [{ shape, dtype }])[0];
}

const GATHER_OP: LazyOp = {
  name: 'GatherV2',
  emit: (writer, [x, indices], { axis }: { axis: number }) => {
    const shape = gatheredShape(x!.shape, indices!.shape, axis);
    return [plainValue(emitGather(writer, x!, indices!, axis), shape, x!.dtype)];
  },
};

function emitGather(writer: GraphWriter, x: GraphValue, indices: GraphValue, axis: number): string {
  return writer.op('Gather', [plainName(writer, x), plainName(writer, indices)], { axis });
}

function gatheredShape(shape: readonly number[], indices: readonly number[], axis: number): number[] {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}

function recordGather(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const indices = inputOf(call, 'indices');
  const dtype = tensorDtype(x.dtype);
  if (!dtype || indices.dtype !== 'int32' || call.attributes.batchDims) return undefined;
  const axis = util.parseAxisParam(call.attributes.axis as number, x.shape)[0]!;
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

export const arrangeKernels: readonly LazyKernel[] = [
  { name: 'Transpose', record: recordTranspose },
  { name: 'Slice', record: recordSlice },
  { name: 'StridedSlice', record: recordStridedSlice },
  { name: 'Concat', record: recordConcat },
  { name: 'Pack', record: recordPack },
  { name: 'SplitV', record: recordSplitV },
  { name: 'Unpack', record: recordUnpack },
  { name: 'PadV2', record: recordPad },
  { name: 'Tile', record: recordTile },
  { name: 'GatherV2', record: recordGather },
  { name: 'OneHot', record: recordOneHot },
];
