import { addFloats } from './add-floats.js';

/** A node of the binary tree over the V shards: it sums shards [index * 2^level, (index + 1) * 2^level). */
export interface TreeNode {
  level: number;
  index: number;
}

export interface ShardRange {
  first: number;
  count: number;
}

/**
 * The contiguous shards of a rank among n: sizes differ by at most one, and the last rank has the fewest, since who has just joined
 * comes last and has the state to take over first. Ranks beyond the shards get none.
 */
export function shardsOfRank(shards: number, n: number, rank: number): ShardRange {
  const first = Math.ceil((rank * shards) / n);
  return { first, count: Math.ceil(((rank + 1) * shards) / n) - first };
}

/** The fewest tree nodes that cover exactly a range of shards, in shard order: its largest aligned sub-trees. */
export function rootsOfRange({ first, count }: ShardRange): TreeNode[] {
  const roots: TreeNode[] = [];
  let at = first;
  while (at < first + count) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= first + count) level++;
    roots.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return roots;
}

/**
 * Sums nodes into their common ancestor along the fixed tree, left to right, so that the bits don't depend on how the
 * shards were dealt. `nodes` are in shard order and cover an aligned range. The sum replaces the values of one of them, that
 * with `keep` if there is one; the others' are overwritten too.
 */
export function sumTree(nodes: readonly SumNode[]): Float32Array {
  const stack: SumNode[] = [];
  for (const node of nodes) {
    let right = node;
    for (let left = stack.at(-1); left !== undefined && isLeftSibling(left, right); left = stack.at(-1)) {
      stack.pop();
      const { values, keep } = right.keep === true ? right : left;
      addFloats(values, left.values, right.values);
      right = { level: left.level + 1, index: left.index / 2, values, keep };
    }
    stack.push(right);
  }
  const [root] = stack;
  if (root === undefined || stack.length > 1) throw new RangeError('the nodes are not one aligned range');
  return root.values;
}

/** A node with its sum. */
export interface SumNode extends TreeNode {
  values: Float32Array;
  keep?: boolean | undefined;
}

const isLeftSibling = (left: TreeNode, right: TreeNode): boolean =>
  left.level === right.level && left.index % 2 === 0 && right.index === left.index + 1;
