import { describe, expect, it } from 'vitest';
import { decideBlame } from './decide-blame.js';
import { membersOf, nowMs, progressOf, trainer } from './testing.js';
import type { TrainerView } from './view.js';

/** Members, in rank order, that are at something since so many milliseconds. */
function blame(trainers: readonly TrainerView[], shards = trainers.length, exact = true) {
  const members = membersOf(
    trainers.map(({ incarnation }) => incarnation),
    shards,
  );
  const present = trainers.map((one, i) => ({
    trainer: one,
    member: members[i] as (typeof members)[number],
  }));
  return decideBlame(nowMs, present, { exact });
}

const member = (
  incarnation: string,
  forMs: number,
  change: Partial<TrainerView['progress']> = {},
): TrainerView =>
  trainer(incarnation, 'running', { progress: progressOf({ sinceMs: nowMs - forMs, ...change }) });

describe('a member that computes', () => {
  it('is blamed after five times what its shards take, and not a moment before', () => {
    const at = (forMs: number) =>
      blame([member('a', 0, { shardSeconds: 4 }), member('b', forMs, { shardSeconds: 4 })], 4);
    expect(at(40_000)).toBeUndefined();
    expect(at(40_001)).toEqual({
      incarnation: 'b',
      reason: 'computing at step 10 d for 40 s, longer than 40 s',
      kind: 'deadline',
    });
  });

  it('has as much more time as it has more shards', () => {
    const times = { shardSeconds: 4 };
    const first = [member('a', 30_000, times), member('b', 0, times), member('c', 0, times)];
    // Of four shards the first of three members has two.
    expect(blame(first, 4)?.incarnation).toBeUndefined();
    expect(blame(first, 3)?.incarnation).toBe('a');
  });

  it('is measured by the median: one slow trainer does not set the time', () => {
    const at = (seconds: readonly number[]) =>
      blame(
        seconds.map((shardSeconds, i) => member('abc'[i] as string, i === 2 ? 30_000 : 0, { shardSeconds })),
      );
    expect(at([4, 4, 100])?.incarnation).toBe('c');
    expect(at([4, 100, 100])).toBeUndefined();
    // Who has not said a time yet says nothing about the others.
    expect(at([0, 0, 4])?.incarnation).toBe('c');
  });

  it('has ten seconds at least', () => {
    const at = (forMs: number) => blame([member('a', 0), member('b', forMs)]);
    expect(at(10_000)).toBeUndefined();
    expect(at(10_001)?.incarnation).toBe('b');
  });

  it('has the time to compile while nobody knows how long a shard takes', () => {
    const at = (forMs: number) =>
      blame([member('a', 0, { shardSeconds: 0 }), member('b', forMs, { shardSeconds: 0 })]);
    expect(at(600_000)).toBeUndefined();
    expect(at(600_001)?.incarnation).toBe('b');
  });

  it.each(['IDLE', 'ACTIVITY_UNSPECIFIED'] as const)('is not excused by saying %s', (activity) => {
    expect(blame([member('a', 0), member('b', 10_001, { activity })])?.incarnation).toBe('b');
  });

  it('is left alone once it stands still', () => {
    const standing = (status: TrainerView['status']) => ({ ...member('b', 1_000_000), status });
    expect(blame([member('a', 0), standing('idle')])).toBeUndefined();
    expect(blame([member('a', 0), standing('drained')])).toBeUndefined();
  });
});

describe('a limit of its own', () => {
  it.each([
    ['COMPILING', 600_000],
    ['HEALING', 120_000],
  ] as const)('is there for %s: %i ms', (activity, limitMs) => {
    const at = (forMs: number) => blame([member('a', 0), member('b', forMs, { activity })]);
    expect(at(limitMs)).toBeUndefined();
    const name = activity.toLowerCase();
    const seconds = limitMs / 1000;
    expect(at(limitMs + 1)?.reason).toBe(`${name} at step 10 d for ${seconds} s, longer than ${seconds} s`);
  });
});

describe('a member that waits', () => {
  it.each(['WAITING_DATA', 'WAITING_PEER'] as const)('is never blamed: %s', (activity) => {
    expect(blame([member('a', 0), member('b', 1e9, { activity })])).toBeUndefined();
  });

  it('does not answer for the one at the root of its chain, who is', () => {
    const waits = (waitingFor: string[]) => ({ activity: 'WAITING_PEER', waitingFor }) as const;
    const chain = [member('a', 90_000, waits(['b'])), member('b', 80_000, waits(['c'])), member('c', 70_000)];
    expect(blame(chain)?.incarnation).toBe('c');
  });
});

describe('members that do not reach each other', () => {
  const cut = (
    incarnation: string,
    others: Record<string, number>,
    change: Partial<TrainerView> = {},
  ): TrainerView => ({
    ...trainer(incarnation, 'running', {
      progress: progressOf({
        activity: 'WAITING_PEER',
        unreachable: new Map(Object.entries(others).map(([other, forMs]) => [other, nowMs - forMs])),
      }),
    }),
    ...change,
  });

  it('are cut off after a second, and not a moment before', () => {
    const at = (forMs: number) => blame([cut('a', {}), cut('b', {}), cut('c', { b: forMs, a: forMs })]);
    expect(at(1_000)).toBeUndefined();
    expect(at(1_001)).toEqual({
      incarnation: 'c',
      reason: "it and trainer b:7070 can't reach each other",
      kind: 'partition',
    });
  });

  it('are not cut off for what one said once, however long ago', () => {
    const saidOnce = cut('c', { b: 1_001 }, { heardAtMs: nowMs - 1_001 });
    expect(blame([cut('a', {}), cut('b', {}), saidOnce])).toBeUndefined();
  });

  it('leave the largest set that does', () => {
    const all = [cut('a', { b: 2_000 }), cut('b', {}), cut('c', { a: 2_000 })];
    // Whoever complains: a is what b and c can't reach.
    expect(blame(all)?.incarnation).toBe('a');
  });

  it('leave, of two, the one with the furthest state, else the older one', () => {
    const pair = (a: number, b: number) =>
      blame([
        cut('a', { b: 2_000 }, { state: { ...trainer('a', 'idle').state, position: { step: a, phase: 1 } } }),
        cut('b', { a: 2_000 }, { state: { ...trainer('b', 'idle').state, position: { step: b, phase: 1 } } }),
      ])?.incarnation;
    expect(pair(5, 5)).toBe('b');
    expect(pair(5, 6)).toBe('a');
  });

  it('do not count when one is gone already', () => {
    expect(blame([cut('a', { x: 2_000 }), cut('b', { x: 2_000 })])).toBeUndefined();
  });

  it('go before one that is overdue: it may be the reason', () => {
    const overdue = member('d', 1e9);
    expect(blame([cut('a', {}), cut('b', {}), cut('c', { a: 2_000 }), overdue])).toMatchObject({
      incarnation: 'c',
      kind: 'partition',
    });
  });
});
