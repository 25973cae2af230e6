import fc from 'fast-check';
import type { Triple } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import {
  decideRun,
  isFurther,
  type Decision,
  type RunOptions,
  type RunView,
  type TrainerView,
} from './decide-run.js';

const nowMs = 100_000;
const options: RunOptions = {
  trainers: 2,
  joinMs: 300_000,
  silenceMs: 5_000,
  closeMs: 10_000,
  saveMs: 120_000,
  exact: true,
};

const triple = (step: number, phase = 1, term = 1, n = 1): Triple => ({
  generation: { term, n },
  position: { step, phase },
});

function trainer(
  incarnation: string,
  status: TrainerView['status'],
  change: Partial<TrainerView> = {},
): TrainerView {
  const address = `${incarnation}:7070`;
  return { incarnation, address, status, heardAtMs: nowMs, reason: undefined, state: undefined, ...change };
}

const lost = trainer('x', 'gone', { reason: 'its session broke' });

function decide(change: Partial<RunView>, with_: Partial<RunOptions> = {}): Decision {
  const run: RunView = {
    stage: { name: 'running' },
    trainers: [],
    stopRequested: false,
    finalStep: undefined,
    rowsStep: 0,
    ...change,
  };
  return decideRun(nowMs, run, { ...options, ...with_ });
}

const gathering = (sinceMs = nowMs): RunView['stage'] => ({ name: 'gathering', sinceMs });
const closing = (sinceMs = nowMs): RunView['stage'] => ({ name: 'closing', sinceMs, reason: 'x is lost' });
const saving = (by = 'a', sinceMs = nowMs): RunView['stage'] => ({
  name: 'saving',
  sinceMs,
  reason: 'x is lost',
  by,
});
const failed = { action: 'end', status: 'failed', code: 'trainer_lost', reason: 'x is lost' };

describe('while it gathers, the run', () => {
  it('waits, and says for how many, until enough are ready', () => {
    const trainers = [trainer('a', 'ready'), trainer('b', 'joined')];
    expect(decide({ stage: gathering(), trainers })).toEqual({
      action: 'wait',
      reason: '1 of 2 trainers are ready',
    });
  });

  it('starts with the first that are ready, in the order of arrival', () => {
    const trainers = [
      trainer('a', 'joined'),
      trainer('b', 'ready'),
      trainer('c', 'ready'),
      trainer('d', 'ready'),
    ];
    expect(decide({ stage: gathering(), trainers })).toMatchObject({ action: 'start', members: ['b', 'c'] });
  });

  it('fails when they do not come in time, and not a moment before', () => {
    const trainers = [trainer('a', 'ready')];
    const at = (sinceMs: number): Decision => decide({ stage: gathering(sinceMs), trainers });
    expect(at(nowMs - options.joinMs).action).toBe('wait');
    expect(at(nowMs - options.joinMs - 1)).toEqual({
      action: 'end',
      status: 'failed',
      code: 'timeout',
      reason: 'only 1 of 2 trainers are ready after 300 s',
    });
  });

  it('starts, however late, when they are there', () => {
    const trainers = [trainer('a', 'ready'), trainer('b', 'ready')];
    expect(decide({ stage: gathering(0), trainers }, { joinMs: 1 }).action).toBe('start');
  });

  it('stops when it is asked to, even with everybody ready', () => {
    const trainers = [trainer('a', 'ready'), trainer('b', 'ready')];
    const decision = decide({ stage: gathering(), trainers, stopRequested: true });
    expect(decision).toMatchObject({ action: 'end', status: 'stopped' });
  });

  it('is finished at once when its last step was reached before', () => {
    const decision = decide({ stage: gathering(), finalStep: 100, rowsStep: 100 });
    expect(decision).toMatchObject({ action: 'end', status: 'finished', code: 'none' });
  });
});

describe('a trainer that says nothing', () => {
  const silentSince = (heardAtMs: number, change: Partial<RunView> = {}): Decision =>
    decide({ trainers: [trainer('a', 'member'), trainer('b', 'member', { heardAtMs })], ...change });

  it('is evicted after the time of silence, and not a moment before', () => {
    expect(silentSince(nowMs - options.silenceMs).action).toBe('wait');
    expect(silentSince(nowMs - options.silenceMs - 1)).toEqual({
      action: 'evict',
      incarnation: 'b',
      reason: 'silent for 5 s',
    });
  });

  it.each([gathering(), closing(), saving()])('is evicted in any stage: $name', (stage) => {
    expect(silentSince(0, { stage }).action).toBe('evict');
  });

  it('is left alone once it is gone, and when the run is over', () => {
    const gone = trainer('a', 'gone', { heardAtMs: 0 });
    expect(decide({ trainers: [gone] }).action).toBe('wait');
    expect(silentSince(0, { stage: { name: 'over' } })).toEqual({
      action: 'wait',
      reason: 'the run is over',
    });
  });
});

describe('while it computes, the run', () => {
  const end = { state: triple(10) };

  it('waits for its members', () => {
    const trainers = [trainer('a', 'member'), trainer('b', 'member'), trainer('c', 'ready')];
    expect(decide({ trainers })).toEqual({ action: 'wait', reason: '2 trainers compute' });
  });

  it('is finished when the final checkpoint and all rows are stored', () => {
    const trainers = [trainer('a', 'drained', end), trainer('b', 'member')];
    expect(decide({ trainers, finalStep: 10, rowsStep: 10 })).toEqual({
      action: 'end',
      status: 'finished',
      code: 'none',
      reason: 'step 10 is stored',
    });
  });

  it.each<[string, Partial<RunView>]>([
    ['the final checkpoint', { rowsStep: 10 }],
    ['the checkpoint of that step', { finalStep: 9, rowsStep: 10 }],
    ['the last row', { finalStep: 10, rowsStep: 9 }],
    ['a trainer at the end', { trainers: [trainer('a', 'member')], finalStep: 10, rowsStep: 10 }],
  ])('is not finished without %s', (_what, change) => {
    expect(decide({ trainers: [trainer('a', 'drained', end)], ...change }).action).toBe('wait');
  });

  it('was stopped, not finished, when that was asked for', () => {
    const trainers = [trainer('a', 'drained', end)];
    const decision = decide({ trainers, finalStep: 10, rowsStep: 10, stopRequested: true });
    expect(decision).toMatchObject({ action: 'end', status: 'stopped' });
  });

  it('goes on when a stop is asked for: the members agree on the step', () => {
    expect(decide({ trainers: [trainer('a', 'member')], stopRequested: true }).action).toBe('wait');
  });

  it('closes the generation when a member is lost, with the reason', () => {
    expect(decide({ trainers: [trainer('a', 'member'), lost] })).toEqual({
      action: 'close',
      reason: 'trainer x:7070 is lost: its session broke',
    });
  });

  it('does not mind one that left without being missed', () => {
    expect(decide({ trainers: [trainer('a', 'member'), trainer('x', 'gone')] }).action).toBe('wait');
  });

  it('does not mind a loss when everything is stored', () => {
    const trainers = [trainer('a', 'drained', end), lost];
    expect(decide({ trainers, finalStep: 10, rowsStep: 10 })).toMatchObject({ status: 'finished' });
    expect(decide({ trainers, finalStep: 10, rowsStep: 9 }).action).toBe('close');
  });
});

describe('while a generation is closed, the run', () => {
  const pending = [trainer('a', 'prepared', { state: triple(4) }), trainer('b', 'member'), lost];

  it('waits until every member said where it stands', () => {
    expect(decide({ stage: closing(), trainers: pending })).toEqual({
      action: 'wait',
      reason: '1 trainers have to say where they stand',
    });
  });

  it('goes on without those that do not answer in time, and not a moment before', () => {
    const at = (sinceMs: number): Decision => decide({ stage: closing(sinceMs), trainers: pending });
    expect(at(nowMs - options.closeMs).action).toBe('wait');
    expect(at(nowMs - options.closeMs - 1)).toEqual({ action: 'save', by: 'a', reason: 'x is lost' });
  });

  it('has the furthest state saved, whoever holds it', () => {
    const trainers = [
      trainer('a', 'prepared', { state: triple(4, 0) }),
      trainer('b', 'prepared', { state: triple(4, 1) }),
      trainer('c', 'drained', { state: triple(3) }),
    ];
    for (const order of [trainers, trainers.toReversed()]) {
      expect(decide({ stage: closing(), trainers: order })).toMatchObject({ action: 'save', by: 'b' });
    }
  });

  it('prefers the later generation when numerics only agree', () => {
    const trainers = [
      trainer('a', 'prepared', { state: triple(9, 1, 1, 1) }),
      trainer('b', 'prepared', { state: triple(8, 1, 1, 2) }),
    ];
    expect(decide({ stage: closing(), trainers }, { exact: false })).toMatchObject({ by: 'b' });
    expect(decide({ stage: closing(), trainers }, { exact: true })).toMatchObject({ by: 'a' });
  });

  it('fails when nobody is left who holds a state', () => {
    expect(decide({ stage: closing(), trainers: [lost, trainer('c', 'ready')] })).toEqual(failed);
  });
});

describe('while the last state is saved, the run', () => {
  const trainers = [
    trainer('a', 'prepared', { state: triple(4) }),
    trainer('b', 'prepared', { state: triple(3) }),
    lost,
  ];

  it('waits for the one that was asked', () => {
    expect(decide({ stage: saving(), trainers }).action).toBe('wait');
  });

  it('fails, with what is stored, when checkpoint and rows are there', () => {
    expect(decide({ stage: saving(), trainers, finalStep: 4, rowsStep: 3 }).action).toBe('wait');
    expect(decide({ stage: saving(), trainers, finalStep: 4, rowsStep: 4 })).toEqual(failed);
  });

  it('fails when it takes too long, and not a moment before', () => {
    const at = (sinceMs: number): Decision => decide({ stage: saving('a', sinceMs), trainers });
    expect(at(nowMs - options.saveMs).action).toBe('wait');
    expect(at(nowMs - options.saveMs - 1)).toEqual(failed);
  });

  it('asks another holder when the one that was asked is lost', () => {
    const left = trainers.map((t) => (t.incarnation === 'a' ? trainer('a', 'gone', { reason: 'lost' }) : t));
    expect(decide({ stage: saving(), trainers: left })).toEqual({
      action: 'save',
      by: 'b',
      reason: 'x is lost',
    });
  });

  it('fails when nobody is left', () => {
    expect(decide({ stage: saving(), trainers: [lost] })).toEqual(failed);
  });
});

describe('isFurther', () => {
  const small = fc.integer({ min: 0, max: 2 });
  const states = fc
    .tuple(small, small, small, small)
    .map(([term, n, step, phase]) => triple(step, phase, term, n));

  /** The order of the tuple as a number. */
  const rank = ({ generation: { term, n }, position: { step, phase } }: Triple, exact: boolean): number =>
    (exact ? 0 : 1000 * term + 100 * n) + 10 * step + phase;

  it.each([true, false])('orders states as the rule says (exact: %s)', (exact) => {
    fc.assert(
      fc.property(states, states, (a, b) => {
        expect(isFurther(a, b, exact)).toBe(rank(a, exact) > rank(b, exact));
      }),
    );
  });

  it('takes any state for further than none', () => {
    expect(isFurther(triple(0, 0, 0, 0), undefined, true)).toBe(true);
    expect(isFurther(undefined, triple(1), true)).toBe(false);
    expect(isFurther(undefined, undefined, true)).toBe(false);
  });
});
