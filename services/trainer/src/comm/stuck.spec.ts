import { describe, expect, it } from 'vitest';
import type { TrainerProgress } from '../control.js';
import { createStuckInspector } from './stuck.js';

const minute = 60_000;
const at = (change: Partial<TrainerProgress> = {}): TrainerProgress => ({
  step: 7,
  phase: 0,
  activity: 'COMPUTING',
  shardsDone: 1,
  ...change,
});

/** What is said after so many minutes of the same. */
function after(minutes: number, progress: TrainerProgress, shardSeconds = 1): string | undefined {
  const inspector = createStuckInspector();
  for (let i = 0; i <= minutes; i++) inspector.look(i * minute, progress);
  return inspector.reason(minutes * minute, shardSeconds);
}

describe('a compute thread', () => {
  it('that computes the same for a quarter of an hour is stuck', () => {
    expect(after(14, at())).toBeUndefined();
    expect(after(15, at())).toBe('the compute thread has been computing at step 7 for 15 minutes');
    expect(after(15, at({ activity: 'COMPILING' }))).toContain('compiling');
  });

  it('may take longer where a shard does', () => {
    expect(after(40, at(), 60)).toBeUndefined();
    expect(after(50, at(), 60)).toContain('for 50 minutes');
  });

  it.each(['IDLE', 'WAITING_PEER', 'WAITING_DATA'] as const)('that is %s waits for others', (activity) => {
    expect(after(600, at({ activity }))).toBeUndefined();
  });

  it.each([{ step: 8 }, { phase: 1 }, { shardsDone: 2 }, { activity: 'HEALING' as const }])(
    'gets on by %j',
    (change) => {
      const inspector = createStuckInspector();
      inspector.look(0, at());
      inspector.look(14 * minute, at(change));
      expect(inspector.reason(20 * minute, 1)).toBeUndefined();
      expect(inspector.reason(29 * minute, 1)).toBeDefined();
    },
  );

  it('is not looked at before it has begun', () => {
    expect(createStuckInspector().reason(0, 0)).toBeUndefined();
  });
});
