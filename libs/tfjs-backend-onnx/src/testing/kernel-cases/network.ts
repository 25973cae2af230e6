/** Cases of the kernels of conv.ts, pool.ts, matmul.ts and normalization.ts. */
import { backend_util } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { dim, input } from './case.js';
import type { Input, KernelCase, KernelCases } from './case.js';

type Rank4 = [number, number, number, number];
type Pair = [number, number];
type Pad = 'same' | 'valid' | number | [Pair, Pair, Pair, Pair];

const upTo = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });
const channels = fc.constantFrom(1, 2, 3, 5, 17);
const activation = fc.constantFrom('linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu');
const pads = (most: number): fc.Arbitrary<Pad> => {
  const side = fc.tuple(fc.nat({ max: most }), fc.nat({ max: most }));
  return fc.oneof(
    fc.constantFrom<Pad>('same', 'valid'),
    fc.nat({ max: most }),
    fc.tuple(fc.constant<Pair>([0, 0]), side, side, fc.constant<Pair>([0, 0])),
  );
};

interface Conv {
  readonly x: Rank4;
  readonly filter: Rank4;
  readonly y: Rank4;
  readonly attributes: {
    strides: Pair;
    pad: Pad;
    dilations: Pair;
    dataFormat: 'NHWC';
    dimRoundingMode: 'floor';
  };
}

const convolutions: fc.Arbitrary<Conv> = fc
  .record({
    batch: upTo(3),
    input: fc.tuple(upTo(9), upTo(9)),
    filter: fc.tuple(upTo(5), upTo(5)),
    from: channels,
    to: channels,
    strides: fc.tuple(upTo(3), upTo(3)),
    dilations: fc.constantFrom<Pair>([1, 1], [1, 1], [2, 1]),
    pad: pads(3),
  })
  .map(({ batch, input: size, filter, from, to, strides, dilations, pad }) => {
    // TensorFlow.js has no strides together with dilations.
    const stride: Pair = dilations[0] === 1 ? strides : [1, 1];
    const x: Rank4 = [batch, ...size, from];
    const shape: Rank4 = [...filter, from, to];
    const y = backend_util.computeConv2DInfo(x, shape, stride, dilations, pad, 'floor').outShape;
    const attributes = {
      strides: stride,
      pad,
      dilations,
      dataFormat: 'NHWC',
      dimRoundingMode: 'floor',
    } as const;
    return { x, filter: shape, y, attributes };
  })
  .filter(({ y }) => y.every((size) => size > 0));

/** TensorFlow.js has no gradients of dilated convolutions. */
const undilated = convolutions.filter(({ attributes }) => attributes.dilations[0] === 1);

function convolution(
  inputs: (conv: Conv) => fc.Arbitrary<Record<string, Input>>,
  attributes: (conv: Conv) => fc.Arbitrary<Record<string, unknown>> = () => fc.constant({}),
  any = convolutions,
): fc.Arbitrary<KernelCase> {
  return any.chain((conv) =>
    fc.record({
      inputs: inputs(conv),
      attributes: attributes(conv).map((more) => ({ ...conv.attributes, ...more })),
    }),
  );
}

const CONVOLUTIONS: KernelCases = {
  Conv2D: convolution(({ x, filter }) => fc.record({ x: input(x), filter: input(filter) })),
  FusedConv2D: convolution(
    ({ x, filter }) =>
      fc.record(
        { x: input(x), filter: input(filter), bias: input([filter[3]]) },
        { requiredKeys: ['x', 'filter'] },
      ),
    () => fc.record({ activation, leakyreluAlpha: fc.constant(0.3) }),
  ),
  Conv2DBackpropInput: convolution(
    ({ y, filter }) => fc.record({ dy: input(y), filter: input(filter) }),
    ({ x }) => fc.constant({ inputShape: x }),
    undilated,
  ),
  Conv2DBackpropFilter: convolution(
    ({ x, y }) => fc.record({ x: input(x), dy: input(y) }),
    ({ filter }) => fc.constant({ filterShape: filter }),
    undilated,
  ),
};

interface Pool {
  readonly x: Rank4;
  readonly y: Rank4;
  readonly attributes: { filterSize: Pair; strides: Pair; pad: Pad; dimRoundingMode: 'floor' };
}

const pools: fc.Arbitrary<Pool> = fc
  .record({
    x: fc.tuple(upTo(3), upTo(9), upTo(9), dim),
    filterSize: fc.oneof(fc.constant<Pair>([2, 2]), fc.tuple(upTo(4), upTo(4))),
    strides: fc.oneof(fc.constant<Pair>([2, 2]), fc.tuple(upTo(3), upTo(3))),
  })
  .chain(({ x, filterSize, strides }) =>
    // Less padding than window, and in pixels for squares only: all that is recorded.
    pads(Math.min(...filterSize) - 1)
      .filter((pad) => typeof pad !== 'number' || [filterSize, strides].every(([a, b]) => a === b))
      .map((pad) => ({ x, filterSize, strides, pad })),
  )
  .map(({ x, ...attributes }) => ({
    x,
    y: backend_util.computePool2DInfo(
      x,
      attributes.filterSize,
      attributes.strides,
      1,
      attributes.pad,
      'floor',
    ).outShape,
    attributes: { ...attributes, dimRoundingMode: 'floor' as const },
  }))
  .filter(({ y }) => y.every((size) => size > 0));

function pool(inputs: (pool: Pool) => fc.Arbitrary<Record<string, Input>>): fc.Arbitrary<KernelCase> {
  return pools.chain((one) =>
    fc.record({ inputs: inputs(one), attributes: fc.constant({ ...one.attributes }) }),
  );
}

const POOLS: KernelCases = {
  MaxPool: pool(({ x }) => fc.record({ x: input(x) })),
  AvgPool: pool(({ x }) => fc.record({ x: input(x) })),
  // Many elements are equal: the first of them gets the gradient.
  MaxPoolGrad: pool(({ x, y }) => fc.record({ dy: input(y), input: input(x, 'integers'), output: input(y) })),
  AvgPoolGrad: pool(({ x, y }) => fc.record({ dy: input(y), input: input(x) })),
};

interface Product {
  readonly a: number[];
  readonly b: number[];
  readonly columns: number;
  readonly attributes: { transposeA: boolean; transposeB: boolean };
}

const products: fc.Arbitrary<Product> = fc
  .record({
    sizes: fc.tuple(dim, channels, fc.constantFrom(1, 2, 5, 33)),
    // One axis of batches may broadcast; with more TensorFlow.js's JavaScript kernel is wrong.
    batches: fc.constantFrom<[number[], number[]]>(
      [[], []],
      [[1], [1]],
      [[3], [3]],
      [[3], [1]],
      [[1], [2]],
      [
        [2, 3],
        [2, 3],
      ],
    ),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  })
  .map(({ sizes: [m, k, n], batches: [a, b], transposeA, transposeB }) => ({
    a: [...a, ...(transposeA ? [k, m] : [m, k])],
    b: [...b, ...(transposeB ? [n, k] : [k, n])],
    columns: n,
    attributes: { transposeA, transposeB },
  }));

const PRODUCTS: KernelCases = {
  BatchMatMul: products.chain(({ a, b, attributes }) =>
    fc.record({
      inputs: fc.record({ a: input(a), b: input(b) }),
      attributes: fc.constant({ ...attributes }),
    }),
  ),
  _FusedMatMul: products.chain(({ a, b, columns, attributes }) =>
    fc.record({
      inputs: fc
        .constantFrom<number[][]>([], [1], [columns], [1, columns])
        .chain((bias) =>
          fc.record({ a: input(a), b: input(b), bias: input(bias) }, { requiredKeys: ['a', 'b'] }),
        ),
      attributes: activation.map((name) => ({ ...attributes, activation: name, leakyreluAlpha: 0.3 })),
    }),
  ),
};

const batchNorm: fc.Arbitrary<KernelCase> = fc
  .tuple(upTo(3), dim, dim, channels)
  .chain(([batch, height, width, count]) =>
    fc.record({
      inputs: fc.record(
        {
          x: input([batch, height, width, count]),
          mean: input([count]),
          variance: input([count], 'positive'),
          scale: input([count]),
          offset: input([count]),
        },
        { requiredKeys: ['x', 'mean', 'variance'] },
      ),
      attributes: fc.record({ varianceEpsilon: fc.constantFrom(1e-3, 1e-5) }),
    }),
  );

export const networkCases: KernelCases = {
  ...CONVOLUTIONS,
  ...POOLS,
  ...PRODUCTS,
  FusedBatchNorm: batchNorm,
};
