import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestReachable } from './largest-reachable.js';
import { trainer, triple } from './testing.js';
import type { TrainerView } from './view.js';

type Pair = readonly [string, string];

const at = (steps: Record<string, number>): TrainerView[] =>
  Object.entries(steps).map(([incarnation, step]) =>
    trainer(incarnation, 'running', { state: triple(step) }),
  );
const named = (count: number): TrainerView[] =>
  at(Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 5])));
const staying = (trainers: TrainerView[], broken: readonly Pair[], exact = true): string[] =>
  [...largestReachable(trainers, broken, exact)].sort();

describe('of trainers that reach each other in part', () => {
  it('all stay when nothing is broken', () => {
    expect(staying(at({ a: 1, b: 2 }), [])).toEqual(['a', 'b']);
  });

  it('the largest set stays whose members all do', () => {
    const trainers = at({ a: 9, b: 1, c: 1, d: 1 });
    // The one in the middle goes, however far it is.
    expect(
      staying(trainers, [
        ['a', 'b'],
        ['c', 'a'],
        ['d', 'a'],
      ]),
    ).toEqual(['b', 'c', 'd']);
    // Two halves: one of two and one of one.
    expect(
      staying(trainers, [
        ['a', 'b'],
        ['a', 'c'],
      ]),
    ).toEqual(['b', 'c', 'd']);
  });

  it('of equally large sets that with the furthest state stays', () => {
    const broken: Pair[] = [
      ['a', 'c'],
      ['a', 'd'],
      ['b', 'c'],
      ['b', 'd'],
    ];
    expect(staying(at({ a: 5, b: 5, c: 5, d: 6 }), broken)).toEqual(['c', 'd']);
    expect(staying(at({ a: 7, b: 5, c: 5, d: 6 }), broken)).toEqual(['a', 'b']);
  });

  it('that with the furthest state stays before that with the trainer that came first', () => {
    const broken: Pair[] = [
      ['a', 'b'],
      ['a', 'c'],
      ['d', 'b'],
      ['d', 'c'],
    ];
    expect(staying(at({ a: 5, b: 5, c: 6, d: 5 }), broken)).toEqual(['b', 'c']);
  });

  it('what is furthest depends on the numerics', () => {
    const trainers = [
      trainer('a', 'running', { state: triple(9, 1, 1, 1) }),
      trainer('b', 'running', { state: triple(8, 1, 1, 2) }),
    ];
    expect(staying(trainers, [['a', 'b']], true)).toEqual(['a']);
    expect(staying(trainers, [['a', 'b']], false)).toEqual(['b']);
  });

  it('of equally far ones that with the trainer that came first stays', () => {
    expect(staying(at({ a: 5, b: 5 }), [['b', 'a']])).toEqual(['a']);
    const ring: Pair[] = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['d', 'a'],
    ];
    expect(staying(at({ a: 5, b: 5, c: 5, d: 5 }), ring)).toEqual(['a', 'c']);
  });

  const pairsOf = (count: number) => {
    const index = fc.nat(count - 1);
    return fc
      .array(
        fc.tuple(index, index).filter(([a, b]) => a !== b),
        { maxLength: 2 * count },
      )
      .map((pairs) => pairs.map(([a, b]): Pair => [`t${a}`, `t${b}`]));
  };

  it('no two that stay are a broken pair, and no one could stay too', () => {
    for (const count of [7, 30]) {
      fc.assert(
        fc.property(pairsOf(count), (broken) => {
          const kept = largestReachable(named(count), broken, true);
          const isBroken = (a: string, b: string): boolean =>
            broken.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
          for (const [a, b] of broken) expect(kept.has(a) && kept.has(b)).toBe(false);
          // Of few the set is the largest, so it can't be added to.
          if (count > 12) return;
          for (const { incarnation } of named(count)) {
            if (!kept.has(incarnation))
              expect([...kept].some((other) => isBroken(incarnation, other))).toBe(true);
          }
        }),
        { numRuns: 50 },
      );
    }
  });

  it('no larger set is possible among few', () => {
    fc.assert(
      fc.property(pairsOf(6), (broken) => {
        let most = 0;
        for (let bits = 0; bits < 64; bits++) {
          const isIn = (name: string): boolean => ((bits >> Number(name.slice(1))) & 1) === 1;
          if (broken.some(([a, b]) => isIn(a) && isIn(b))) continue;
          most = Math.max(most, [...'012345'].filter((i) => isIn(`t${i}`)).length);
        }
        expect(largestReachable(named(6), broken, true).size).toBe(most);
      }),
      { numRuns: 200 },
    );
  });

  it('among many the one with most broken pairs goes, and of equals the youngest', () => {
    const star = Array.from({ length: 20 }, (_, i): Pair => ['t3', `t${i}`]).filter(([a, b]) => a !== b);
    expect(staying(named(20), star)).toEqual(
      named(20)
        .map((t) => t.incarnation)
        .filter((i) => i !== 't3')
        .sort(),
    );
    const pairs = Array.from({ length: 10 }, (_, i): Pair => [`t${i}`, `t${i + 10}`]);
    expect(staying(named(20), pairs)).toEqual(
      named(10)
        .map((t) => t.incarnation)
        .sort(),
    );
  });
});
