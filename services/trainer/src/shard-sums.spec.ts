import { rootsOfRange, shardsOfRank, sumTree } from '@gan-train/collective';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumShards } from './shard-sums.js';

const powersOfTwo = fc.integer({ min: 0, max: 5 }).map((exponent) => 2 ** exponent);

/** A shard's gradients: numbers whose sum depends on the order. */
const valuesOf = (shard: number, length: number, seed: number): Float32Array =>
  Float32Array.from(
    { length },
    (_, i) => Math.sin(seed + 97 * shard + i) * 10 ** (((seed + shard + i) % 13) - 6),
  );

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe('sumShards', () => {
  it('computes each shard once, in order, and the bits are those of the tree over all shards', () => {
    const length = 5;
    fc.assert(
      fc.property(powersOfTwo, fc.integer({ min: 1, max: 6 }), fc.nat(1000), (shards, n, seed) => {
        const leaves = Array.from({ length: shards }, (_, index) => ({
          level: 0,
          index,
          values: valuesOf(index, length, seed),
        }));
        const expected = bitsOf(sumTree(leaves));
        const computed: number[] = [];
        const nodes = Array.from({ length: n }, (_, rank) => shardsOfRank(shards, n, rank)).flatMap(
          (range) => {
            const roots = rootsOfRange(range);
            const partials = roots.map(() => new Float32Array(length).fill(NaN));
            sumShards(
              range,
              (shard, out) => {
                computed.push(shard);
                out.set(valuesOf(shard, length, seed));
              },
              partials,
              new Map(),
              () => undefined,
            );
            return roots.map((root, i) => ({ ...root, values: partials[i] as Float32Array }));
          },
        );
        expect(computed).toEqual(leaves.map(({ index }) => index));
        expect(bitsOf(sumTree(nodes))).toEqual(expected);
      }),
    );
  });

  it('keeps one spare buffer a level, and its old content does not matter', () => {
    const spare = new Map<number, Float32Array>();
    const partials = [new Float32Array(3)];
    const compute = (shard: number, out: Float32Array): void => void out.fill(shard + 1);
    for (let phase = 0; phase < 3; phase++) {
      sumShards({ first: 0, count: 8 }, compute, partials, spare, () => undefined);
      expect([...(partials[0] as Float32Array)]).toEqual([36, 36, 36]);
    }
    const kept = [...spare.values()];
    expect(spare.size).toBe(3);
    sumShards({ first: 0, count: 8 }, compute, partials, spare, () => undefined);
    expect([...spare.values()]).toEqual(kept);
  });

  it.each([
    ['a single shard, as its own computation tells it', { first: 1, count: 1 }, [2, 5]],
    ['a sum of shards', { first: 0, count: 4 }, [5]],
    ['several sums, when the last one is', { first: 0, count: 3 }, [2, 5]],
  ])('tells how far all sums are final: %s', (_, range, expected) => {
    const partials = rootsOfRange(range).map(() => new Float32Array(5));
    const told: number[] = [];
    const compute = (shard: number, out: Float32Array, onFinal: (elements: number) => void): void => {
      for (const [from, to] of [
        [0, 2],
        [2, 5],
      ] as const) {
        out.fill(shard + 1, from, to);
        onFinal(to);
      }
    };
    const sums = rootsOfRange(range).map(({ level, index }) =>
      Array.from({ length: 2 ** level }, (_value, i) => 2 ** level * index + i + 1).reduce((a, b) => a + b),
    );
    sumShards(range, compute, partials, new Map(), (elements) => {
      told.push(elements);
      partials.forEach((partial, i) =>
        expect(partial.subarray(0, elements).every((v) => v === sums[i])).toBe(true),
      );
    });
    expect(told).toEqual(expected);
  });

  it('computes nothing for no shards', () => {
    const compute = (): void => expect.unreachable();
    sumShards({ first: 3, count: 0 }, compute, [], new Map(), () => expect.unreachable());
  });
});
