/** Kernels that cut, pad, repeat and reorder a tensor. */
import { slice_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { emitSlice } from '../emit/slice.js';
import type { LazyOp } from '../emit/op.js';
import { nameIn, permutedValue, preferredPermutation, sizeOf, viewOf } from '../emit/value.js';
import { inputOf, tensorDtype } from './kernel.js';
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
    const cuts = stored
      .map((axis, storedAxis) => ({ axis, storedAxis }))
      .filter(({ axis }) => begin[axis] !== 0 || end[axis] !== x!.shape[axis] || strides[axis] !== 1)
      .map(({ axis, storedAxis }) => ({
        axis: storedAxis,
        begin: begin[axis]!,
        end: end[axis]!,
        stride: strides[axis]!,
      }));
    const name = emitSlice(writer, nameIn(writer, x!, stored), cuts);
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

export const arrangeKernels: readonly LazyKernel[] = [
  { name: 'Transpose', record: recordTranspose },
  { name: 'Slice', record: recordSlice },
  { name: 'StridedSlice', record: recordStridedSlice },
  { name: 'PadV2', record: recordPad },
  { name: 'Tile', record: recordTile },
];
