/** Cases of the kernels of unary.ts and binary.ts. */
import fc from 'fast-check';
import { broadcastable, input, shapes } from './case.js';
import type { Dtype, KernelCase, KernelCases, Kind } from './case.js';

type Attributes = fc.Arbitrary<Record<string, unknown>>;

function unary(kinds: Kind[], dtype: Dtype = 'float32', attributes?: Attributes): fc.Arbitrary<KernelCase> {
  return fc.tuple(shapes(), fc.constantFrom(...kinds)).chain(([shape, kind]) =>
    fc.record({
      inputs: fc.record({ x: input(shape, kind, dtype) }),
      attributes: attributes ?? fc.constant({}),
    }),
  );
}

const alpha = fc.record({ alpha: fc.constantFrom(0, 0.2, 0.3, 1, -1, 2, -0.5) });
const bounds = fc.constantFrom([-0.5, 0.25], [0, 6], [-2, 2]).map(([min, max]) => ({
  clipValueMin: min,
  clipValueMax: max,
}));
const ALL: Kind[] = ['wide', 'small', 'extremes'];
const POSITIVE: Kind[] = ['positive', 'extremes'];

function floats(...kinds: Kind[]): fc.Arbitrary<KernelCase> {
  return unary(kinds);
}

const UNARY: KernelCases = {
  Abs: floats(...ALL),
  Ceil: floats(...ALL),
  ClipByValue: unary(['wide', 'small'], 'float32', bounds),
  Elu: floats(...ALL),
  Erf: floats('wide', 'small'),
  Exp: floats(...ALL),
  Floor: floats(...ALL),
  IsFinite: floats(...ALL),
  IsInf: floats(...ALL),
  IsNan: floats(...ALL),
  LeakyRelu: unary(ALL, 'float32', alpha),
  Log: floats(...POSITIVE),
  Log1p: floats(...POSITIVE),
  LogicalNot: unary(['bits'], 'bool'),
  Neg: floats(...ALL),
  Reciprocal: floats(...POSITIVE),
  Relu: floats(...ALL),
  Relu6: floats('wide', 'small'),
  Round: floats(...ALL),
  Rsqrt: floats(...POSITIVE),
  Sigmoid: floats(...ALL),
  Sign: floats(...ALL),
  Softplus: floats('wide', 'small'),
  Sqrt: floats(...POSITIVE),
  Square: floats(...ALL),
  Step: unary(ALL, 'float32', alpha),
  Tanh: floats(...ALL),
  Cast: fc
    .tuple(fc.constantFrom('float32', 'int32', 'bool'), fc.constantFrom('float32', 'int32', 'bool'), shapes())
    .chain(([from, dtype, shape]) =>
      fc.record({
        inputs: fc.record({ x: input(shape, from === 'bool' ? 'bits' : 'wide', from) }),
        attributes: fc.constant({ dtype }),
      }),
    ),
};

/** Two tensors that broadcast to one shape. */
function pair(
  [first, second]: readonly [string, string],
  kinds: readonly (readonly [Dtype, Kind, Kind])[],
): fc.Arbitrary<KernelCase> {
  return fc.tuple(shapes(), fc.constantFrom(...kinds)).chain(([shape, [dtype, a, b]]) => {
    const operand = (kind: Kind): fc.Arbitrary<KernelCase['inputs']> =>
      broadcastable(shape).chain((size) => input(size, kind, dtype)) as never;
    return fc.record({ inputs: fc.record({ [first]: operand(a), [second]: operand(b) }) }) as never;
  });
}

const AB = ['a', 'b'] as const;
const FLOATS = [
  ['float32', 'small', 'wide'],
  ['float32', 'extremes', 'extremes'],
] as const;
const INTS = [['int32', 'integers', 'integers']] as const;
const COMPARED = [['float32', 'integers', 'integers'], FLOATS[1], ...INTS] as const;
const BITS = [['bool', 'bits', 'bits']] as const;

const BINARY: KernelCases = {
  Add: pair(AB, [...FLOATS, ...INTS]),
  Sub: pair(AB, [...FLOATS, ...INTS]),
  Multiply: pair(AB, [...FLOATS, ...INTS]),
  Maximum: pair(AB, [...FLOATS, ...INTS]),
  Minimum: pair(AB, [...FLOATS, ...INTS]),
  RealDiv: pair(AB, [['float32', 'wide', 'positive'], FLOATS[1]]),
  Pow: pair(AB, [['float32', 'positive', 'small']]),
  SquaredDifference: pair(AB, [...FLOATS, ...INTS]),
  Greater: pair(AB, COMPARED),
  GreaterEqual: pair(AB, COMPARED),
  Less: pair(AB, COMPARED),
  LessEqual: pair(AB, COMPARED),
  Equal: pair(AB, [...COMPARED, ...BITS]),
  NotEqual: pair(AB, [...COMPARED, ...BITS]),
  LogicalAnd: pair(AB, BITS),
  LogicalOr: pair(AB, BITS),
  Prelu: pair(['x', 'alpha'], [['float32', 'wide', 'small']]),
  EluGrad: shapes().chain((shape) =>
    fc.record({ inputs: fc.record({ dy: input(shape, 'wide'), y: input(shape, 'small') }) }),
  ),
  AddN: fc
    .tuple(shapes(), fc.integer({ min: 1, max: 4 }))
    .chain(([shape, count]) =>
      fc.record({ inputs: fc.array(input(shape), { minLength: count, maxLength: count }) }),
    ),
  Select: fc.tuple(shapes(), fc.constantFrom<Dtype>('float32', 'int32')).chain(([shape, dtype]) =>
    fc.record({
      inputs: fc.record({
        condition: input(shape, 'bits', 'bool'),
        t: input(shape, 'integers', dtype),
        e: input(shape, 'integers', dtype),
      }),
    }),
  ),
};

export const elementwiseCases: KernelCases = { ...UNARY, ...BINARY };
