/** What is relied on of onnxruntime-node's native binding, which is no public API. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { numbers } from '../testing/numbers.js';
import { createSession, tensorFromValues } from './binding.js';
import { modelFromGraph } from './model.js';
import type { Attributes, OnnxInitializer } from './model.js';

interface Case {
  /** Shapes of the inputs. */
  readonly inputs: number[][];
  readonly attributes?: Attributes;
  /** Constant inputs behind the others: lists of int64. */
  readonly lists?: number[][];
  readonly domain?: string;
}

const MATRIX = [37, 41];
const BINARY: Case = { inputs: [MATRIX, MATRIX] };
/** Operators that read JavaScript memory as it is. */
const CASES: Record<string, Case> = {
  Add: BINARY,
  Cast: { inputs: [MATRIX], attributes: { to: 1 } },
  Concat: { inputs: [MATRIX, MATRIX], attributes: { axis: 0 } },
  Conv: {
    inputs: [
      [2, 3, 9, 9],
      [5, 3, 3, 3],
    ],
  },
  ConvTranspose: {
    inputs: [
      [2, 5, 7, 7],
      [5, 3, 3, 3],
    ],
  },
  Div: BINARY,
  FusedMatMul: {
    inputs: [MATRIX, MATRIX],
    attributes: { transA: 1 },
    domain: 'com.microsoft',
  },
  Gemm: { inputs: [MATRIX, MATRIX], attributes: { transB: 1 } },
  MatMul: { inputs: [MATRIX, [41, 1]] },
  Max: BINARY,
  Min: BINARY,
  Mul: BINARY,
  Reshape: { inputs: [MATRIX], lists: [[41, 37]] },
  Slice: { inputs: [MATRIX], lists: [[3], [33], [0]] },
  Pow: BINARY,
  Sub: BINARY,
  Transpose: { inputs: [MATRIX] },
  Where: BINARY,
};

/** A session of one operator; `Where` gets a condition made from its first input. */
function sessionOf(op: string, { inputs, attributes = {}, lists = [], domain = '' }: Case) {
  const names = inputs.map((_, i) => `x${i}`);
  const initializers = lists.map((list, i): OnnxInitializer => {
    const bytes = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    return { name: `c${i}`, type: 'int64', shape: [list.length], bytes };
  });
  const operands = [...names, ...initializers.map(({ name }) => name)];
  const condition = { op: 'Greater', domain: '', inputs: operands, outputs: ['condition'], attributes: {} };
  const isWhere = op === 'Where';
  const sources = isWhere ? ['condition', ...operands] : operands;
  const node = { op, domain, inputs: sources, outputs: ['y'], attributes };
  const model = modelFromGraph({
    nodes: isWhere ? [condition, node] : [node],
    initializers,
    inputs: inputs.map((shape, i) => ({ name: names[i]!, type: 'float32', shape })),
    outputs: [{ name: 'y', type: 'float32' }],
  });
  return createSession(model, { threads: 1, executionProvider: 'cpu' });
}

function sizeOf(shape: number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** A copy of the values, `offset` elements into a buffer. */
function placed(values: Float32Array, offset: number): Float32Array {
  const view = new Float32Array(new ArrayBuffer(4 * (values.length + 64)), 4 * offset, values.length);
  view.set(values);
  return view;
}

/** Number of different results for 16 places of the inputs. */
function distinctBits(op: string, testCase: Case): number {
  const session = sessionOf(op, testCase);
  const bits = Array.from({ length: 16 }, (_, offset) => {
    const feeds = Object.fromEntries(
      testCase.inputs.map((shape, i) => {
        const values = numbers(sizeOf(shape), i + 1).map(Math.abs);
        return [`x${i}`, tensorFromValues(placed(values, offset), 'float32', shape)];
      }),
    );
    const data = session.run(feeds, ['y']).y!.data as Float32Array;
    return Buffer.from(Float32Array.from(data).buffer).toString('hex');
  });
  session.dispose();
  return new Set(bits).size;
}

describe('the binding', () => {
  it('is of the version that package.json pins', () => {
    const require = createRequire(import.meta.url);
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    const { dependencies } = require('../../package.json') as { dependencies: Record<string, string> };
    expect(dependencies['onnxruntime-node']).toBe(version);
  });

  it('runs synchronously', () => {
    const session = sessionOf('Add', { inputs: [[2], [2]] });
    const feed = (values: number[]) => tensorFromValues(Float32Array.from(values), 'float32', [2]);
    const { y } = session.run({ x0: feed([1, 2]), x1: feed([3, 4]) }, ['y']);
    expect([...(y!.data as Float32Array)]).toEqual([4, 6]);
    session.dispose();
  });

  it('says what is wrong with a model', () => {
    expect(() => sessionOf('NoSuchOperator', BINARY)).toThrow(/NoSuchOperator/);
  });

  it.each(Object.entries(CASES))('gives %s the same bits wherever the inputs lie', (op, testCase) => {
    expect(distinctBits(op, testCase)).toBe(1);
  });

  it.each([
    'Exp',
    'Log',
    'Softplus',
    'Elu',
    'Sigmoid',
    'Tanh',
    'Erf',
    'Softmax',
    'Ceil',
    'LeakyRelu',
    'Sqrt',
  ])('gives %s the same bits wherever the input lies', (op) => {
    expect(distinctBits(op, { inputs: [MATRIX] })).toBe(1);
  });
});
