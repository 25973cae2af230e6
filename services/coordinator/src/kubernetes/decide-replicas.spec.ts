import { describe, expect, it } from 'vitest';
import { decideReplicas, type ReplicasView } from './decide-replicas.js';

const decided = (change: Partial<ReplicasView>) => {
  const view = { replicas: 2, asked: 2, applied: 2, atEnd: undefined, isOver: false, scaleToZero: true };
  const { reason, ...decision } = decideReplicas({ ...view, ...change });
  expect(reason).not.toBe('');
  return decision;
};

describe('the replicas of a run that goes on', () => {
  it('are those of the values at first, whatever the StatefulSet begins with', () => {
    expect(decided({ replicas: 1, applied: undefined, asked: 3 })).toEqual({
      action: 'scale',
      replicas: 3,
      kept: { applied: 3, atEnd: undefined },
    });
  });

  it('are what kubectl scale makes them, also to none', () => {
    expect(decided({ replicas: 4 })).toEqual({ action: 'follow', replicas: 4 });
    expect(decided({ replicas: 0 })).toEqual({ action: 'follow', replicas: 0 });
  });

  it('are those of the values again when these change, and only then', () => {
    expect(decided({ replicas: 4, asked: 3 })).toMatchObject({ action: 'scale', replicas: 3 });
    expect(decided({ replicas: 4, asked: 2 })).toEqual({ action: 'follow', replicas: 4 });
  });

  it('are followed where no values ask for any', () => {
    expect(decided({ asked: undefined, applied: undefined, replicas: 5 })).toEqual({
      action: 'follow',
      replicas: 5,
    });
  });

  it('come back when the run had ended with none', () => {
    expect(decided({ replicas: 0, atEnd: 4 })).toEqual({
      action: 'scale',
      replicas: 4,
      kept: { applied: 2, atEnd: undefined },
    });
  });

  it('stay as many as somebody wanted after the end', () => {
    expect(decided({ replicas: 2, atEnd: 4 })).toEqual({
      action: 'scale',
      replicas: 2,
      kept: { applied: 2, atEnd: undefined },
    });
  });
});

describe('the replicas of a run that is over', () => {
  it('become none, once: somebody may want some again', () => {
    expect(decided({ isOver: true, replicas: 3 })).toEqual({
      action: 'scale',
      replicas: 0,
      kept: { applied: 2, atEnd: 3 },
    });
    expect(decided({ isOver: true, replicas: 1, atEnd: 3 })).toEqual({ action: 'wait' });
  });

  it('stay when that is not wanted', () => {
    expect(decided({ isOver: true, scaleToZero: false })).toEqual({ action: 'wait' });
  });

  it('are not what the values ask for: nobody would need them', () => {
    expect(decided({ isOver: true, replicas: 0, asked: 5 })).toEqual({ action: 'wait' });
  });
});
