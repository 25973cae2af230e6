/** The layout and broadcasting that all element-wise ops share. */
import type { TensorDtype } from '../onnx/binding.js';
import {
  broadcastValue,
  identityPermutation,
  isOnlyNchw,
  nameIn,
  NCHW,
  padRank,
  permutedValue,
  sameShape,
} from './value.js';
import type { GraphValue } from './value.js';
import type { GraphWriter } from './writer.js';

/**
 * Emits an element-wise op of inputs that broadcast to `shape`.
 *
 * It is computed in the layout in which the large inputs exist, and only on as many elements as there are different
 * ones: the sum of two broadcast vectors is a vector, broadcast.
 *
 * @param emit gets the inputs' names in one common layout, returns the name of the result in it
 */
export function emitElementwise(
  writer: GraphWriter,
  inputs: readonly GraphValue[],
  shape: readonly number[],
  dtype: TensorDtype,
  emit: (names: string[]) => string,
): GraphValue {
  const cores = inputs.map((input) => input.core ?? input);
  const coreShape = broadcastShape(cores.map((core) => core.shape));
  const rank = coreShape.length;
  const large = cores.filter((core) => sameShape(core.shape, coreShape));
  const channelsFirst = rank === 4 && large.some(isOnlyNchw);
  const permutation = channelsFirst ? NCHW : identityPermutation(rank);
  const names = cores.map((core) => {
    // Right-aligned shapes broadcast by themselves as long as the order of axes is that of TensorFlow.js.
    if (!channelsFirst || core.shape.length === 0)
      return nameIn(writer, core, identityPermutation(core.shape.length));
    return nameIn(writer, padRank(writer, core, rank), NCHW);
  });
  return broadcastValue(permutedValue(emit(names), coreShape, dtype, permutation), shape);
}

/** Shape that compatible shapes broadcast to (numpy's rule). */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const dims = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return dims.find((dim) => dim !== 1) ?? 1;
  });
}
