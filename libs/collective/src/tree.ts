/** A node of the binary tree over the V shards: it sums shards [index * 2^level, (index + 1) * 2^level). */
export interface TreeNode {
  level: number;
  index: number;
}

export interface ShardRange {
  first: number;
  count: number;
}

/** The contiguous shards of a rank among n: sizes differ by at most one, ranks beyond the shards get none. */
export function shardsOfRank(shards: number, n: number, rank: number): ShardRange {
  const first = Math.floor((rank * shards) / n);
  return { first, count: Math.floor(((rank + 1) * shards) / n) - first };
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

/** `target[i] += source[i]`, each sum rounded to float32: storing to a Float32Array does it. */
export function addInto(target: Float32Array, source: Float32Array): void {
  const length = target.length;
  for (let i = 0; i < length; i++) target[i] = (target[i] as number) + (source[i] as number);
}

/**
 * Sums nodes into their common ancestor along the fixed tree, left to right, so that the bits don't depend on how the
 * shards were dealt. `nodes` are in shard order and cover an aligned range; the first one's values become the sum, the others'
 * are overwritten too.
 */
export function sumTree(nodes: readonly (TreeNode & { values: Float32Array })[]): Float32Array {
  const stack: (TreeNode & { values: Float32Array })[] = [];
  for (const node of nodes) {
    let right = node;
    for (let left = stack.at(-1); left !== undefined && isLeftSibling(left, right); left = stack.at(-1)) {
      stack.pop();
      addInto(left.values, right.values);
      right = { level: left.level + 1, index: left.index / 2, values: left.values };
    }
    stack.push(right);
  }
  const [root] = stack;
  if (root === undefined || stack.length > 1) throw new RangeError('the nodes are not one aligned range');
  return root.values;
}

const isLeftSibling = (left: TreeNode, right: TreeNode): boolean =>
  left.level === right.level && left.index % 2 === 0 && right.index === left.index + 1;
