import type { RunRecord } from '@gan-train/coordinator';
import type { StatusReply__Output as Reply } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import { decideWait, knownFromRecord, limitOfWait, type Awaited } from './decide-wait.js';

const row = { dLoss: 0.5, gLoss: 1.25 } as NonNullable<Reply['row']>;

const decided = (
  firstStep: number | undefined,
  run: Partial<NonNullable<Reply['run']>>,
  more: Partial<Reply> = {},
  awaited: Awaited = 'step',
) =>
  decideWait(awaited, firstStep, {
    run: { step: 7, steps: 20, status: 'running', ...run },
    doing: 'two trainers are at work',
    trainersWanted: 2,
    trainers: [{ role: 'member' }, { role: 'standby' }],
    row: null,
    events: [],
    ...more,
  } as Reply);

describe('waiting for a run', () => {
  it('is over when it has made a step since it was first looked at', () => {
    expect(decided(6, {}, { row })).toEqual({
      action: 'done',
      reason: 'the run is at step 7 of 20, d_loss 0.500, g_loss 1.250',
    });
  });

  it('goes on while it has made none, wherever it stands', () => {
    for (const firstStep of [undefined, 7, 9])
      expect(decided(firstStep, {})).toEqual({
        action: 'wait',
        step: 7,
        reason: 'step 7 of 20, 1 of 2 trainers: two trainers are at work',
      });
  });

  it('is over at once when it is finished', () => {
    expect(decided(undefined, { status: 'finished', step: 20 })).toEqual({
      action: 'done',
      reason: 'the run is finished at step 20 of 20',
    });
  });

  it('goes on to its end where that is waited for', () => {
    expect(decided(6, {}, {}, 'end').action).toBe('wait');
    expect(decided(6, { status: 'stopped' }, {}, 'end')).toEqual({
      action: 'done',
      reason: 'the run is stopped at step 7 of 20',
    });
  });

  it('is of no use when it failed, and says why', () => {
    const failed = { time: 1, failed: { code: 'io', message: 'no space left' } };
    const events = [failed] as Reply['events'];
    expect(decided(6, { status: 'failed' }, { events })).toEqual({
      action: 'fail',
      reason: 'the run is failed at step 7 of 20: no space left',
    });
    expect(decided(6, { status: 'stopped' }).reason).toBe(
      'the run is stopped at step 7 of 20: two trainers are at work',
    );
  });
});

describe('the files of a run', () => {
  const record = (change: Partial<RunRecord>) => knownFromRecord({ step: 7, ...change } as RunRecord);

  it.each(['waiting', 'running'] as const)('say nothing of its end while it is %s', (status) => {
    expect(record({ status })).toBeUndefined();
  });

  it('say how it ended', () => {
    const known = record({ status: 'failed', reason: 'no space left' });
    expect(known && decideWait('end', undefined, known)).toEqual({
      action: 'fail',
      reason: 'the run is failed at step 7: no space left',
    });
  });
});

describe('the time that is waited', () => {
  it('is the one that is asked for', () => {
    for (const awaited of ['step', 'end'] as const)
      expect(limitOfWait(awaited, 9, true)).toEqual({ seconds: 9, of: 'waiting' });
  });

  it('is five minutes for a step', () => {
    expect(limitOfWait('step', undefined, true)).toEqual({ seconds: 300, of: 'waiting' });
  });

  it('has no limit for an end, but that somebody must be there to ask outside a cluster', () => {
    expect(limitOfWait('end', undefined, true)).toBeUndefined();
    expect(limitOfWait('end', undefined, false)).toEqual({ seconds: 300, of: 'silence' });
  });
});
