import { isSameGeneration, type Position } from '@gan-train/rpc';
import { plural } from '@gan-train/service';
import { nameOfActivity, nameOfPosition, nameOfTrainer, type RunView, type TrainerView } from './view.js';

/** Without a commit for so long a run is stalled; said again after as much time. */
const stallMs = 10_000;
/** Trainers that are named. */
const mostNamed = 5;

/** Says who is waited for when nothing gets on, as Horovod's stall inspector does. */
export interface StallInspector {
  committed(nowMs: number, position: Position): void;
  /** Time counts from now. */
  rearm(nowMs: number): void;
  /** A generation begins at this position. */
  begin(nowMs: number, position: Position): void;
  look(nowMs: number, run: RunView): { seconds: number; reason: string } | undefined;
}

export function createStallInspector(startMs: number): StallInspector {
  let last: Position = { step: 0, phase: 0 };
  let sinceMs = startMs;
  let saidMs = startMs;
  const rearm = (nowMs: number): void => {
    sinceMs = nowMs;
    saidMs = nowMs;
  };
  return {
    rearm,
    begin(nowMs, position) {
      last = position;
      rearm(nowMs);
    },
    committed(nowMs, position) {
      const isFurther =
        position.step > last.step || (position.step === last.step && position.phase > last.phase);
      if (!isFurther) return;
      last = position;
      rearm(nowMs);
    },
    look(nowMs, run) {
      if (nowMs - saidMs < stallMs) return undefined;
      saidMs = nowMs;
      const members = run.trainers.filter((t) => isSameGeneration(t.generation, run.generation.id));
      const isRoot = ({ progress }: TrainerView): boolean => progress.activity !== 'WAITING_PEER';
      const roots = members.filter(isRoot);
      const named = (roots.length > 0 ? roots : members).slice(0, mostNamed).map((t) => doing(nowMs, t));
      return { seconds: (nowMs - sinceMs) / 1000, reason: `waits for ${named.join('; ')}` };
    },
  };
}

function doing(nowMs: number, trainer: TrainerView): string {
  const { activity, position, shardsDone, sinceMs, waitingFor } = trainer.progress;
  const what =
    activity === 'COMPUTING'
      ? `computing, ${plural(shardsDone, 'shard')} done,`
      : activity === 'WAITING_PEER' && waitingFor.length > 0
        ? `waiting for ${plural(waitingFor.length, 'peer')}`
        : nameOfActivity(activity);
  const seconds = ((nowMs - sinceMs) / 1000).toFixed(0);
  return `${nameOfTrainer(trainer)}: ${what} at ${nameOfPosition(position)} for ${seconds} s`;
}
