import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootsOfRange, shardsOfRank, sumTree, type TreeNode } from './tree.js';
import { awkwardFloats, bitsOf, treeSum } from './testing.js';

const powersOfTwo = fc.integer({ min: 0, max: 6 }).map((exponent) => 2 ** exponent);
const ranges = fc
  .tuple(fc.nat(200), fc.nat(200))
  .map(([a, b]) => ({ first: Math.min(a, b), count: Math.abs(a - b) }));

const shardsOfNode = ({ level, index }: TreeNode): number[] =>
  Array.from({ length: 2 ** level }, (_, i) => index * 2 ** level + i);

describe('shardsOfRank', () => {
  it('deals every shard once, in order, as evenly as it goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 70 }), (shards, n) => {
        const dealt = Array.from({ length: n }, (_, rank) => shardsOfRank(shards, n, rank));
        const all = dealt.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        expect(all).toEqual(Array.from({ length: shards }, (_, i) => i));
        const counts = dealt.map(({ count }) => count);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(counts.at(-1)).toBe(Math.min(...counts));
      }),
    );
  });
});

describe('rootsOfRange', () => {
  it('covers exactly the range, in shard order', () => {
    fc.assert(
      fc.property(ranges, (range) => {
        const covered = rootsOfRange(range).flatMap(shardsOfNode);
        expect(covered).toEqual(Array.from({ length: range.count }, (_, i) => range.first + i));
      }),
    );
  });

  it('takes the fewest nodes: as many as a search over all covers finds', () => {
    /** The fewest aligned nodes that cover [from, to), by trying every first node. */
    const fewest = (from: number, to: number): number => {
      if (from === to) return 0;
      let best = Infinity;
      for (let size = 1; from % size === 0 && from + size <= to; size *= 2) {
        best = Math.min(best, 1 + fewest(from + size, to));
      }
      return best;
    };
    for (let first = 0; first < 20; first++) {
      for (let count = 0; first + count <= 20; count++) {
        expect(rootsOfRange({ first, count })).toHaveLength(fewest(first, first + count));
      }
    }
  });

  it('is one root for all shards of a run, and none for a rank without shards', () => {
    expect(rootsOfRange({ first: 0, count: 8 })).toEqual([{ level: 3, index: 0 }]);
    expect(rootsOfRange({ first: 5, count: 0 })).toEqual([]);
  });
});

describe('sumTree', () => {
  it('puts the sum where it is to be kept, whichever node that is', () => {
    for (const kept of [0, 1, 2, 3]) {
      const values = [0, 1, 2, 3].map((i) => awkwardFloats(9, i));
      const expected = bitsOf(treeSum(values));
      const nodes = values.map((own, index) => ({ level: 0, index, values: own, keep: index === kept }));
      expect(sumTree(nodes)).toBe(values[kept]);
      expect(bitsOf(values[kept] as Float32Array)).toEqual(expected);
    }
  });

  it('gives the same bits for every way of dealing the shards, 1 to V + 1 ranks', () => {
    fc.assert(
      fc.property(powersOfTwo, fc.integer({ min: 0, max: 9 }), fc.nat(), (shards, length, seed) => {
        const values = Array.from({ length: shards }, (_, i) => awkwardFloats(length, seed + i));
        const expected = bitsOf(treeSum(values));
        for (let n = 1; n <= shards + 1; n++) {
          const nodes = Array.from({ length: n }, (_, rank) => shardsOfRank(shards, n, rank))
            .flatMap(rootsOfRange)
            .map((root) => ({
              ...root,
              values: treeSum(shardsOfNode(root).map((shard) => values[shard] as Float32Array)),
            }));
          expect(bitsOf(sumTree(nodes))).toEqual(expected);
        }
      }),
    );
  });

  it('is not a sum from left to right: the order shows in the bits', () => {
    const values = [1, 2 ** -24, 2 ** -24, 2 ** -24].map((value) => Float32Array.of(value));
    const leaves = values.map((leaf, index) => ({ level: 0, index, values: leaf.slice() }));
    const serial = values.reduce((sum, leaf) => Math.fround(sum + (leaf[0] as number)), 0);
    expect(sumTree(leaves)[0]).toBe(1 + 2 ** -23);
    expect(serial).toBe(1);
  });

  it.each<[string, TreeNode[]]>([
    ['nothing', []],
    [
      'a gap',
      [
        { level: 0, index: 0 },
        { level: 0, index: 2 },
      ],
    ],
    [
      'a range that is not aligned',
      [
        { level: 0, index: 1 },
        { level: 0, index: 2 },
      ],
    ],
    [
      'a missing end',
      [
        { level: 1, index: 0 },
        { level: 0, index: 2 },
      ],
    ],
    [
      'nodes out of order',
      [
        { level: 0, index: 1 },
        { level: 0, index: 0 },
      ],
    ],
  ])('refuses %s', (_name, nodes) => {
    const filled = nodes.map((node) => ({ ...node, values: Float32Array.of(1) }));
    expect(() => sumTree(filled)).toThrow(RangeError);
  });
});
