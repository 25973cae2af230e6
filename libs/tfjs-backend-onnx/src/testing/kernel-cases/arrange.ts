/** Cases of the kernels of arrange.ts, join.ts, lookup.ts and views.ts. */
import { util } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { axisOf, dim, input, shapes } from './case.js';
import type { Dtype, Input, KernelCase, KernelCases } from './case.js';

const dtypes = fc.constantFrom<Dtype>('float32', 'int32', 'bool');
const numeric = fc.constantFrom<Dtype>('float32', 'int32');

/** A tensor named `name`, and attributes that depend on its shape. */
function arranged(
  name: string,
  attributes: (shape: number[]) => fc.Arbitrary<Record<string, unknown>>,
  shape = shapes(1),
  dtype = dtypes,
): fc.Arbitrary<KernelCase> {
  return fc.tuple(shape, dtype).chain(([size, type]) =>
    fc.record({
      inputs: fc.record({ [name]: input(size, type === 'bool' ? 'bits' : 'integers', type) }),
      attributes: attributes(size),
    }),
  );
}

/** One arbitrary for each axis. */
function perAxis<T>(shape: number[], of: (size: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.tuple(...shape.map(of));
}

/** A range [from, to) that isn't empty. */
function range(size: number): fc.Arbitrary<[number, number]> {
  return fc
    .tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
}

const bits = (rank: number): fc.Arbitrary<number> => fc.nat({ max: 2 ** rank - 1 });

const ARRANGE: KernelCases = {
  Transpose: arranged(
    'x',
    (shape) =>
      fc.record({
        perm: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      }),
    shapes(0, 5),
  ),
  Slice: arranged('x', (shape) =>
    perAxis(shape, range).map((ranges) => ({
      begin: ranges.map(([from]) => from),
      size: ranges.map(([from, to], axis) => (to === shape[axis] ? -1 : to - from)),
    })),
  ),
  StridedSlice: arranged('x', (shape) =>
    fc
      .record({
        ranges: perAxis(shape, range),
        strides: perAxis(shape, () => fc.integer({ min: 1, max: 3 })),
        beginMask: bits(shape.length),
        endMask: bits(shape.length),
        shrinkAxisMask: bits(shape.length),
      })
      .map(({ ranges, strides, ...rest }) => ({
        ...rest,
        // TensorFlow.js's JavaScript kernel is wrong where there are strides and an axis is dropped.
        strides: rest.shrinkAxisMask ? strides.map(() => 1) : strides,
        begin: ranges.map(([from]) => from),
        end: ranges.map(([, to]) => to),
        ellipsisMask: 0,
        newAxisMask: 0,
      })),
  ),
  PadV2: arranged(
    'x',
    (shape) =>
      fc.record({
        paddings: perAxis(shape, () => fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }))),
        constantValue: fc.integer({ min: -1, max: 2 }),
      }),
    shapes(1),
    numeric,
  ),
  Tile: arranged('x', (shape) => fc.record({ reps: perAxis(shape, () => fc.integer({ min: 1, max: 3 })) })),
};

const VIEWS: KernelCases = {
  Identity: arranged('x', () => fc.constant({}), shapes()),
  Reshape: arranged(
    'x',
    (shape) => {
      const size = util.sizeFromShape(shape);
      return fc
        .constantFrom([size], [-1], [1, size], [size, -1], shape.toReversed())
        .map((to) => ({ shape: to }));
    },
    shapes(),
  ),
  ExpandDims: arranged('input', (shape) => axisOf(shape.length + 1).map((axis) => ({ dim: axis })), shapes()),
  Fill: fc
    .tuple(
      shapes(),
      fc.constantFrom<[number, string]>([0, 'float32'], [1, 'int32'], [2.5, 'float32'], [7, 'int32']),
    )
    .map(([shape, [value, dtype]]) => ({ inputs: {}, attributes: { shape, value, dtype } })),
  ZerosLike: arranged('x', () => fc.constant({}), shapes()),
  OnesLike: arranged('x', () => fc.constant({}), shapes()),
};

/** A list of tensors whose sizes differ on one axis at most. */
const concat: fc.Arbitrary<KernelCase> = fc.tuple(shapes(1), dtypes).chain(([shape, dtype]) =>
  fc.tuple(axisOf(shape.length), fc.array(dim, { minLength: 1, maxLength: 3 })).chain(([axis, sizes]) => {
    const parts = sizes.map((size) => shape.with(axis, size));
    return fc.record({
      inputs: fc.tuple(...parts.map((part) => ofDtype(part, dtype))),
      attributes: fc.constant({ axis }),
    });
  }),
);

const pack: fc.Arbitrary<KernelCase> = fc
  .tuple(shapes(0, 3), dtypes, fc.integer({ min: 1, max: 3 }))
  .chain(([shape, dtype, count]) =>
    fc.record({
      inputs: fc.array(ofDtype(shape, dtype), { minLength: count, maxLength: count }),
      attributes: axisOf(shape.length + 1).map((axis) => ({ axis })),
    }),
  );

function ofDtype(shape: number[], dtype: Dtype): fc.Arbitrary<Input> {
  return input(shape, dtype === 'bool' ? 'bits' : 'integers', dtype);
}

const JOIN: KernelCases = {
  Concat: concat,
  Pack: pack,
  SplitV: arranged('x', (shape) =>
    axisOf(shape.length).chain((axis) => {
      const size = shape.at(axis)!;
      const parts: (number | number[])[] = [size, 1, [size]];
      if (size > 1) parts.push([1, size - 1], [1, -1]);
      return fc.constantFrom(...parts).map((numOrSizeSplits) => ({ axis, numOrSizeSplits }));
    }),
  ),
  Unpack: arranged('value', (shape) => axisOf(shape.length).map((axis) => ({ axis }))),
};

/** Indices into an axis of this size. */
function indices(shape: number[], size: number): fc.Arbitrary<Input> {
  if (size >= 5) return input(shape, 'digits', 'int32');
  if (size >= 2) return input(shape, 'bits', 'int32');
  return input(shape, 'small', 'int32').map((zeros) => ({ ...zeros, origin: 'zeros' }));
}

const LOOKUP: KernelCases = {
  GatherV2: fc.tuple(shapes(1), dtypes, shapes(0, 2)).chain(([shape, dtype, picked]) =>
    axisOf(shape.length).chain((axis) =>
      fc.record({
        inputs: fc.record({
          x: ofDtype(shape, dtype),
          indices: indices(picked, shape.at(axis)!),
        }),
        attributes: fc.constant({ axis, batchDims: 0 }),
      }),
    ),
  ),
  OneHot: shapes(1, 3).chain((shape) =>
    fc.record({
      // Some lie outside of 0 .. depth - 1.
      inputs: fc.record({ indices: input(shape, 'integers', 'int32') }),
      attributes: fc.record({
        dtype: fc.constant('float32'),
        depth: fc.integer({ min: 1, max: 5 }),
        onValue: fc.constantFrom(1, 0.9),
        offValue: fc.constantFrom(0, 0.1),
      }),
    }),
  ),
};

export const arrangeCases: KernelCases = { ...ARRANGE, ...VIEWS, ...JOIN, ...LOOKUP };
