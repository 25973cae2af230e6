/** Cases of the kernels of reduce.ts and lookup.ts. */
import fc from 'fast-check';
import { axisOf, input, shapes } from './case.js';
import type { Dtype, KernelCase, KernelCases, Kind } from './case.js';

/** Some axes, or all. TensorFlow.js calls them `axis`, in extremes `reductionIndices`. */
function reduction(
  kinds: readonly (readonly [Dtype, Kind])[],
  axes: 'axis' | 'reductionIndices' = 'axis',
): fc.Arbitrary<KernelCase> {
  return fc.tuple(shapes(1), fc.constantFrom(...kinds)).chain(([shape, [dtype, kind]]) =>
    fc.record({
      inputs: fc.record({ x: input(shape, kind, dtype) }),
      attributes: fc.record({
        [axes]: fc.oneof(
          axisOf(shape.length),
          fc.subarray([...shape.keys()], { minLength: 1 }),
          fc.constant(undefined),
        ),
        keepDims: fc.boolean(),
      }),
    }),
  );
}

const EXTREMES = [
  ['float32', 'small'],
  ['float32', 'extremes'],
  ['int32', 'integers'],
] as const;

export const reduceCases: KernelCases = {
  Sum: reduction([
    ['float32', 'lopsided'],
    ['int32', 'integers'],
  ]),
  Mean: reduction([['float32', 'lopsided']]),
  Prod: reduction([['float32', 'positive']]),
  Max: reduction(EXTREMES, 'reductionIndices'),
  Min: reduction(EXTREMES, 'axis'),
  All: reduction([['bool', 'bits']]),
  Any: reduction([['bool', 'bits']]),
  Softmax: shapes(1).chain((shape) =>
    fc.record({
      inputs: fc.record({ logits: input(shape, 'wide') }),
      attributes: fc.constantFrom({ dim: -1 }, { dim: shape.length - 1 }),
    }),
  ),
  ArgMax: shapes(1).chain((shape) =>
    fc.record({
      inputs: fc.record({ x: input(shape, 'integers') }),
      attributes: fc.record({ axis: axisOf(shape.length) }),
    }),
  ),
};
