/** The lazy graph: what kernels record, and what a read turns into numbers. */
import type { TensorDtype, TensorValues } from '../onnx/binding.js';
import type { LazyOp } from '../emit/op.js';

/** Result of a pending computation, or data. Its shape is that of its producer; a view has its own in {@link Use}. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: TensorDtype;
  /** Elements in row-major order; undefined while the value is pending. */
  data: TensorValues | undefined;
  /** The node that computes it; undefined once there is data, so that the graph behind it can be freed. */
  producer: LazyNode | undefined;
  /** Whether a tensor of the program holds it. */
  live: boolean;
  /** Set for data that is the same number everywhere, where that number is 0 or 1 (see `splatOf`). */
  splat: number | undefined;
}

/** A value as an input: a view may look at it in another shape of the same size. */
export interface Use {
  readonly value: Value;
  readonly shape: readonly number[];
}

export interface LazyNode {
  /** Grows with every node recorded: an order in which inputs come before outputs. */
  readonly sequence: number;
  readonly op: LazyOp;
  /** What the op needs besides its inputs, and its text, by which equal nodes are recognised. */
  readonly attributes: unknown;
  readonly attributesKey: string;
  readonly inputs: readonly Use[];
  readonly outputs: readonly Value[];
}

export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: TensorDtype;
}

let nextSequence = 0;

/** Records a node; nothing is computed. */
export function createNode(
  op: LazyOp,
  inputs: readonly Use[],
  attributes: unknown,
  outputs: readonly OutputSpec[],
): LazyNode {
  const node = {
    sequence: nextSequence++,
    op,
    attributes,
    attributesKey: keyFromAttributes(attributes),
    inputs,
    outputs: [] as Value[],
  };
  for (const { shape, dtype } of outputs) {
    node.outputs.push({ shape, dtype, data: undefined, producer: node, live: false, splat: undefined });
  }
  return node;
}

/** JSON, but with those numbers told apart that JSON makes equal. */
function keyFromAttributes(attributes: unknown): string {
  if (attributes === undefined) return '';
  return JSON.stringify(attributes, (_, item: unknown) => {
    const isSpecial = typeof item === 'number' && (!Number.isFinite(item) || Object.is(item, -0));
    return isSpecial ? `number ${Object.is(item, -0) ? '-0' : item}` : item;
  });
}

/** A value that has its data already. The array is kept by reference and must not change while it is in use. */
export function valueFromData(data: TensorValues, shape: readonly number[], dtype: TensorDtype): Value {
  return { shape, dtype, data, producer: undefined, live: false, splat: splatOf(data) };
}

/**
 * TensorFlow.js's gradients make whole tensors of ones and zeros (of mean, of sum, of unused outputs). Knowing them lets
 * the compiler leave them out. Only 0 and 1 are told apart: each such number becomes a part of the compiled graph, and
 * a number that changes from step to step would compile a new one every time.
 */
function splatOf(data: TensorValues): number | undefined {
  // A part of a larger buffer is state that somebody keeps, such as weights, zero only at the start.
  if (data.byteLength !== data.buffer.byteLength) return undefined;
  const first = data[0];
  if (first !== 0 && first !== 1) return undefined;
  if (Object.is(first, -0)) return undefined;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined;
  return first;
}
