import { addInto, rootsOfRange, type ShardRange, type TreeNode } from '@gan-train/collective';

/** Computes the buffer of one shard into `out`. */
export type ComputeShard = (shard: number, out: Float32Array) => void;

/**
 * Computes the shards of a range, in order, and sums them along the fixed tree: `partials[i]` becomes the sum of the range's
 * i-th root. Needs one spare buffer a level, kept by `spare` from phase to phase.
 */
export function sumShards(
  range: ShardRange,
  compute: ComputeShard,
  partials: readonly Float32Array[],
  spare: Map<number, Float32Array>,
): void {
  const spareOf = (level: number, length: number): Float32Array => {
    const buffer = spare.get(level) ?? new Float32Array(length);
    spare.set(level, buffer);
    return buffer;
  };
  const fill = ({ level, index }: TreeNode, out: Float32Array): void => {
    if (level === 0) {
      compute(index, out);
      return;
    }
    const right = spareOf(level, out.length);
    fill({ level: level - 1, index: 2 * index }, out);
    fill({ level: level - 1, index: 2 * index + 1 }, right);
    addInto(out, right);
  };
  rootsOfRange(range).forEach((root, i) => {
    fill(root, partials[i] as Float32Array);
  });
}
