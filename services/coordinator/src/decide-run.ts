import type { Triple } from '@gan-train/rpc';

/**
 * What the coordinator does next, as a pure function of the time and of what it knows; effects are applied in run.ts. The
 * reason is words for a person.
 */

export interface TrainerView {
  incarnation: string;
  address: string;
  /** Joined it has said hello; ready it can be a member; drained it stands at the end; gone it is lost. */
  status: 'joined' | 'ready' | 'member' | 'prepared' | 'drained' | 'gone';
  /** Monotonic; when the last message came. */
  heardAtMs: number;
  /** Why it is gone, in words. */
  reason: string | undefined;
  /** Its state when it answered prepare or drained. */
  state: Triple | undefined;
}

export type Stage =
  /** Waits for trainers. */
  | { name: 'gathering'; sinceMs: number }
  | { name: 'running' }
  /** The generation is being closed; members answer with their state. */
  | { name: 'closing'; sinceMs: number; reason: string }
  /** A survivor sends its state. */
  | { name: 'saving'; sinceMs: number; reason: string; by: string }
  | { name: 'over' };

export interface RunView {
  stage: Stage;
  /** In order of arrival. */
  trainers: readonly TrainerView[];
  stopRequested: boolean;
  /** Step of the final checkpoint that is stored and was read back; from the start when nothing is left to do. */
  finalStep: number | undefined;
  /** Last step whose row is stored. */
  rowsStep: number;
}

export interface RunOptions {
  trainers: number;
  joinMs: number;
  silenceMs: number;
  closeMs: number;
  saveMs: number;
  exact: boolean;
}

export type Decision =
  | { action: 'wait'; reason: string }
  | { action: 'start'; members: readonly string[]; reason: string }
  /** A member says nothing any more: from now on it is gone. */
  | { action: 'evict'; incarnation: string; reason: string }
  | { action: 'close'; reason: string }
  | { action: 'save'; by: string; reason: string }
  | {
      action: 'end';
      status: 'finished' | 'stopped' | 'failed';
      code: 'timeout' | 'trainer_lost' | 'none';
      reason: string;
    };

export function decideRun(nowMs: number, run: RunView, options: RunOptions): Decision {
  const silent = run.trainers.find((t) => t.status !== 'gone' && nowMs - t.heardAtMs > options.silenceMs);
  if (silent !== undefined && run.stage.name !== 'over') {
    const seconds = Math.round((nowMs - silent.heardAtMs) / 1000);
    return { action: 'evict', incarnation: silent.incarnation, reason: `silent for ${seconds} s` };
  }
  switch (run.stage.name) {
    case 'gathering':
      return decideGathering(nowMs, run, run.stage, options);
    case 'running':
      return decideRunning(run);
    case 'closing':
      return decideClosing(nowMs, run, run.stage, options);
    case 'saving':
      return decideSaving(nowMs, run, run.stage, options);
    case 'over':
      return { action: 'wait', reason: 'the run is over' };
  }
}

function decideGathering(
  nowMs: number,
  run: RunView,
  stage: { sinceMs: number },
  options: RunOptions,
): Decision {
  if (run.stopRequested) {
    return { action: 'end', status: 'stopped', code: 'none', reason: 'stopped before the first step' };
  }
  if (run.finalStep !== undefined) {
    return {
      action: 'end',
      status: 'finished',
      code: 'none',
      reason: `step ${run.finalStep} was reached before`,
    };
  }
  const ready = run.trainers.filter((t) => t.status === 'ready');
  if (ready.length >= options.trainers) {
    const members = ready.slice(0, options.trainers).map((t) => t.incarnation);
    return { action: 'start', members, reason: `${members.length} trainers are ready` };
  }
  const waiting = `${ready.length} of ${options.trainers} trainers are ready`;
  if (nowMs - stage.sinceMs > options.joinMs) {
    return {
      action: 'end',
      status: 'failed',
      code: 'timeout',
      reason: `only ${waiting} after ${options.joinMs / 1000} s`,
    };
  }
  return { action: 'wait', reason: waiting };
}

function decideRunning(run: RunView): Decision {
  const members = run.trainers.filter((t) => t.status === 'member' || t.status === 'drained');
  const lost = run.trainers.find((t) => t.status === 'gone' && t.reason !== undefined);
  const drained = members.filter((t) => t.status === 'drained');
  const end = drained[0]?.state?.position.step;
  const stored = end !== undefined && run.finalStep === end && run.rowsStep >= end;
  if (stored) {
    const status = run.stopRequested ? 'stopped' : 'finished';
    return { action: 'end', status, code: 'none', reason: `step ${end} is stored` };
  }
  if (lost !== undefined)
    return { action: 'close', reason: `trainer ${lost.address} is lost: ${lost.reason}` };
  return { action: 'wait', reason: `${members.length} trainers compute` };
}

function decideClosing(
  nowMs: number,
  run: RunView,
  stage: { sinceMs: number; reason: string },
  options: RunOptions,
): Decision {
  const pending = run.trainers.filter((t) => t.status === 'member');
  if (pending.length > 0 && nowMs - stage.sinceMs <= options.closeMs) {
    return { action: 'wait', reason: `${pending.length} trainers have to say where they stand` };
  }
  return saveOrFail(run, stage.reason, options);
}

/** The furthest state that anybody still holds is stored; the run has failed when nobody does. */
function saveOrFail(run: RunView, reason: string, options: RunOptions): Decision {
  const [first, ...others] = holdersOf(run);
  if (first === undefined) return { action: 'end', status: 'failed', code: 'trainer_lost', reason };
  const best = others.reduce((a, b) => (isFurther(b.state, a.state, options.exact) ? b : a), first);
  return { action: 'save', by: best.incarnation, reason };
}

const holdersOf = (run: RunView): TrainerView[] =>
  run.trainers.filter((t) => t.status === 'prepared' || t.status === 'drained');

function decideSaving(
  nowMs: number,
  run: RunView,
  stage: { sinceMs: number; reason: string; by: string },
  options: RunOptions,
): Decision {
  const late = nowMs - stage.sinceMs > options.saveMs;
  const stored = run.finalStep !== undefined && run.rowsStep >= run.finalStep;
  if (stored || late) {
    return { action: 'end', status: 'failed', code: 'trainer_lost', reason: stage.reason };
  }
  // The one that was asked may be lost too: another one's state is as good, or nearly.
  const isAlive = holdersOf(run).some((t) => t.incarnation === stage.by);
  if (!isAlive) return saveOrFail(run, stage.reason, options);
  return { action: 'wait', reason: 'the last state is being stored' };
}

/**
 * Which of two states a run goes on from: with exact numerics the further position, else the later generation of the
 * last commit, then the position (Raft's rule).
 */
export function isFurther(a: Triple | undefined, b: Triple | undefined, exact: boolean): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  const position = ({ position: { step, phase } }: Triple): number[] => [step, phase];
  const generation = ({ generation: { term, n } }: Triple): number[] => [term, n];
  const keys = exact ? [position] : [generation, position];
  for (const key of keys) {
    const [left, right] = [key(a), key(b)];
    const i = left.findIndex((value, at) => value !== right[at]);
    if (i >= 0) return (left[i] as number) > (right[i] as number);
  }
  return false;
}
