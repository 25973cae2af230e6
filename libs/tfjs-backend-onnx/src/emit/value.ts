/**
 * Values while a graph is compiled, and the layouts that they are available in.
 *
 * TensorFlow.js is NHWC, ONNX convolutions are NCHW. A value is kept in whichever order its producer made it; another
 * order is written once, when someone asks for it. So convolutions, and everything element-wise between them, stay NCHW
 * without a Transpose between them.
 */
import type { TensorDtype } from '../onnx/binding.js';
import { emitTranspose } from './transpose.js';
import type { GraphWriter } from './writer.js';

/** Axis of the logical tensor that each stored axis holds, as in ONNX Transpose. */
export type Permutation = readonly number[];

/** Stored orders of a rank 4 tensor: as it is, and channels first. */
export const NHWC: Permutation = [0, 1, 2, 3];
export const NCHW: Permutation = [0, 3, 1, 2];

interface Form {
  readonly permutation: Permutation;
  readonly name: string;
}

export interface GraphValue {
  /** Shape as TensorFlow.js sees it, whatever the stored order. */
  readonly shape: readonly number[];
  readonly dtype: TensorDtype;
  /** Names of the orders written so far; a broadcast value has none until someone needs the whole tensor. */
  readonly forms: Form[];
  /** A smaller value that this one is the broadcast of. */
  readonly core: GraphValue | undefined;
  /** The one number that the value holds everywhere, where that is known. */
  readonly splat: number | undefined;
  /** This value in other shapes, by shape. */
  readonly views: Map<string, GraphValue>;
}

export function identityPermutation(rank: number): Permutation {
  return Array.from({ length: rank }, (_, i) => i);
}

/** A value in the order in which TensorFlow.js has it. */
export function plainValue(name: string, shape: readonly number[], dtype: TensorDtype): GraphValue {
  return permutedValue(name, shape, dtype, identityPermutation(shape.length));
}

/** A value of logical `shape` whose axes are stored in the order of `permutation`. */
export function permutedValue(
  name: string,
  shape: readonly number[],
  dtype: TensorDtype,
  permutation: Permutation,
): GraphValue {
  const forms = [{ permutation, name }];
  return { shape, dtype, forms, core: undefined, splat: undefined, views: new Map() };
}

/** `core` broadcast to `shape`; the whole tensor is written only where someone asks for it. */
export function broadcastValue(core: GraphValue, shape: readonly number[]): GraphValue {
  if (sameShape(core.shape, shape)) return core;
  return { shape, dtype: core.dtype, forms: [], core, splat: core.splat, views: new Map() };
}

/** A value that is `splat` everywhere. */
export function splatValue(
  writer: GraphWriter,
  splat: number,
  shape: readonly number[],
  dtype: TensorDtype,
): GraphValue {
  const scalar = { ...plainValue(writer.scalar(splat, dtype), [], dtype), splat };
  return broadcastValue(scalar, shape);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** Whether the value was made channels first and nobody has asked for NHWC. */
export function isOnlyNchw(value: GraphValue): boolean {
  const has = (permutation: Permutation): boolean =>
    value.forms.some((form) => sameShape(form.permutation, permutation));
  return has(NCHW) && !has(NHWC);
}

/** The order to compute in where an op can work in any. */
export function preferredPermutation(value: GraphValue): Permutation {
  return isOnlyNchw(value) ? NCHW : identityPermutation(value.shape.length);
}

/** The value in another shape of the same size; row-major, as Reshape. */
export function viewOf(writer: GraphWriter, value: GraphValue, shape: readonly number[]): GraphValue {
  if (sameShape(shape, value.shape)) return value;
  const key = shape.join();
  let view = value.views.get(key);
  if (!view) {
    view =
      value.core && sizeOf(value.core.shape) === 1
        ? broadcastValue(viewOf(writer, value.core, []), shape)
        : plainValue(writer.reshape(plainName(writer, value), shape), shape, value.dtype);
    value.views.set(key, view);
  }
  return view;
}

/** The value with ones put before its shape, so that it has this rank. */
export function padRank(writer: GraphWriter, value: GraphValue, rank: number): GraphValue {
  const missing = rank - value.shape.length;
  return missing > 0 ? viewOf(writer, value, [...new Array<number>(missing).fill(1), ...value.shape]) : value;
}

/** Name of the value as TensorFlow.js has it. */
export function plainName(writer: GraphWriter, value: GraphValue): string {
  return nameIn(writer, value, identityPermutation(value.shape.length));
}

/** Name of the value stored in the order of `permutation`, written now if it does not exist yet. */
export function nameIn(writer: GraphWriter, value: GraphValue, permutation: Permutation): string {
  const found = value.forms.find((form) => sameShape(form.permutation, permutation));
  if (found) return found.name;
  const name = writeForm(writer, value, permutation);
  value.forms.push({ permutation, name });
  return name;
}

function writeForm(writer: GraphWriter, value: GraphValue, permutation: Permutation): string {
  const shape = permutation.map((axis) => value.shape[axis]!);
  const source = value.forms[0];
  if (!source) {
    const core = nameIn(writer, padRank(writer, value.core!, shape.length), permutation);
    return writer.op('Expand', [core, writer.int64s(shape)]);
  }
  // Axis i of the result is the stored axis of the source that holds logical axis permutation[i].
  const perm = permutation.map((axis) => source.permutation.indexOf(axis));
  const stored = source.permutation.map((axis) => value.shape[axis]!);
  return emitTranspose(writer, source.name, stored, perm);
}
