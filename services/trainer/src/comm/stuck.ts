import type { TrainerProgress } from '../control.js';

/** Work that makes no progress for so long, and for so many times what a shard takes, never ends. */
const leastMs = 900_000;
const mostShards = 50;
const working: readonly TrainerProgress['activity'][] = ['COMPUTING', 'COMPILING', 'HEALING'];

/** Watches over the compute thread, which can't say itself that it stands still. */
export interface StuckInspector {
  /** To be told regularly. */
  look(nowMs: number, progress: TrainerProgress): void;
  /** Why nothing is to be expected of it any more; undefined while it gets on, or waits for others. */
  reason(nowMs: number, shardSeconds: number): string | undefined;
}

export function createStuckInspector(): StuckInspector {
  let last: TrainerProgress | undefined;
  let sinceMs = 0;
  return {
    look(nowMs, progress) {
      const { step, phase, activity, shardsDone } = progress;
      const isSame =
        last?.step === step &&
        last.phase === phase &&
        last.activity === activity &&
        last.shardsDone === shardsDone;
      if (!isSame) sinceMs = nowMs;
      last = progress;
    },
    reason(nowMs, shardSeconds) {
      if (last === undefined || !working.includes(last.activity)) return undefined;
      const standsMs = nowMs - sinceMs;
      if (standsMs < Math.max(leastMs, 1000 * mostShards * shardSeconds)) return undefined;
      const minutes = Math.floor(standsMs / 60_000);
      return `the compute thread has been ${last.activity.toLowerCase()} at step ${last.step} for ${minutes} minutes`;
    },
  };
}
