import { addFloats, rootsOfRange, type ShardRange, type TreeNode } from '@gan-train/collective';

/** Told how many elements of a buffer are final, from the first one on. */
type OnFinal = (elements: number) => void;

/** Computes the buffer of one shard into `out`. */
export type ComputeShard = (shard: number, out: Float32Array, onFinal: OnFinal) => void;

/** Elements that are summed before anyone is told. */
const elementsAtOnce = 262_144;

/**
 * Computes the shards of a range, in order, and sums them along the fixed tree: `partials[i]` becomes the sum of the range's
 * i-th root. Needs one spare buffer a level, kept by `spare` from phase to phase. `onFinal` is told how far all partials are
 * final, while the last sum is still being made.
 */
export function sumShards(
  range: ShardRange,
  compute: ComputeShard,
  partials: readonly Float32Array[],
  spare: Map<number, Float32Array>,
  onFinal: OnFinal,
): void {
  const spareOf = (level: number, length: number): Float32Array => {
    const buffer = spare.get(level) ?? new Float32Array(length);
    spare.set(level, buffer);
    return buffer;
  };
  const fill = ({ level, index }: TreeNode, out: Float32Array, tell: OnFinal): void => {
    if (level === 0) {
      compute(index, out, tell);
      return;
    }
    const right = spareOf(level, out.length);
    fill({ level: level - 1, index: 2 * index }, out, tellNobody);
    fill({ level: level - 1, index: 2 * index + 1 }, right, tellNobody);
    for (let at = 0; at < out.length; at += elementsAtOnce) {
      const sum = out.subarray(at, at + elementsAtOnce);
      addFloats(sum, sum, right.subarray(at, at + elementsAtOnce));
      tell(at + sum.length);
    }
  };
  const roots = rootsOfRange(range);
  roots.forEach((root, i) => {
    fill(root, partials[i] as Float32Array, i === roots.length - 1 ? onFinal : tellNobody);
  });
}

const tellNobody: OnFinal = () => undefined;
