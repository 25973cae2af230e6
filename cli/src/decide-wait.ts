import { hasEnded, type RunRecord } from '@gan-train/coordinator';
import type { StatusReply__Output as Reply } from '@gan-train/rpc';
import { plural } from '@gan-train/service';

export type Awaited = 'step' | 'end';

export type WaitDecision =
  /** What was waited for. */
  | { action: 'done'; reason: string }
  /** Waiting longer is of no use. */
  | { action: 'fail'; reason: string }
  | { action: 'wait'; step: number; reason: string };

/** What is known of a run: its coordinator's answer, or what its files say of its end. */
export type KnownRun = Pick<Reply, 'doing' | 'trainers' | 'trainersWanted' | 'row' | 'events'> & {
  run: Pick<NonNullable<Reply['run']>, 'status' | 'step' | 'steps'> | null;
};

/** Of a run that is over, what its files say; undefined for one that a coordinator may go on with. */
export function knownFromRecord({ status, step, reason }: RunRecord): KnownRun | undefined {
  if (!hasEnded(status)) return undefined;
  const failed = reason === undefined ? [] : [{ failed: { message: reason } } as Reply['events'][number]];
  const doing = 'its coordinator has ended';
  return {
    run: { status, step, steps: 0 },
    doing,
    trainers: [],
    trainersWanted: 0,
    row: null,
    events: failed,
  };
}

/** Elsewhere than in a cluster the trainers of a coordinator that is gone give up after this, too. */
const longestSilenceSeconds = 300;
const longestStepSeconds = 300;

export interface WaitLimit {
  seconds: number;
  /** Of all the waiting, or of the time since anybody said how the run is. */
  of: 'waiting' | 'silence';
}

/** How long is waited at most: what was asked for, else five minutes for a step. An end takes as long as it takes, while somebody is there to ask. */
export function limitOfWait(
  awaited: Awaited,
  askedSeconds: number | undefined,
  isInCluster: boolean,
): WaitLimit | undefined {
  if (askedSeconds !== undefined) return { seconds: askedSeconds, of: 'waiting' };
  if (awaited === 'step') return { seconds: longestStepSeconds, of: 'waiting' };
  return isInCluster ? undefined : { seconds: longestSilenceSeconds, of: 'silence' };
}

/** Whether a run that was at `firstStep` when it was first looked at has made a step since, or has ended. */
export function decideWait(
  awaited: Awaited,
  firstStep: number | undefined,
  { run, doing, trainers, trainersWanted, row, events }: KnownRun,
): WaitDecision {
  const { status = '', step = 0, steps = 0 } = run ?? {};
  // A run's files don't say how many steps there were to be.
  const at = steps === 0 ? `step ${step}` : `step ${step} of ${steps}`;
  if (status === 'finished') return { action: 'done', reason: `the run is finished at ${at}` };
  if (status === 'stopped' && awaited === 'end')
    return { action: 'done', reason: `the run is stopped at ${at}` };
  if (status === 'failed' || status === 'stopped') {
    const why = events.findLast(({ failed }) => failed)?.failed?.message ?? doing;
    return { action: 'fail', reason: `the run is ${status} at ${at}: ${why}` };
  }
  const losses = row === null ? '' : `, d_loss ${row.dLoss.toFixed(3)}, g_loss ${row.gLoss.toFixed(3)}`;
  if (awaited === 'step' && firstStep !== undefined && step > firstStep)
    return { action: 'done', reason: `the run is at ${at}${losses}` };
  const members = trainers.filter(({ role }) => role === 'member').length;
  return {
    action: 'wait',
    step,
    reason: `${at}, ${members} of ${plural(trainersWanted, 'trainer')}: ${doing}`,
  };
}
