import type { StatusReply__Output } from '@gan-train/rpc';
import { plural } from '@gan-train/service';

export type Awaited = 'step' | 'end';

export type WaitDecision =
  /** What was waited for. */
  | { action: 'done'; reason: string }
  /** Waiting longer is of no use. */
  | { action: 'fail'; reason: string }
  | { action: 'wait'; step: number; reason: string };

/** Whether a run that was at `firstStep` when it was first looked at has made a step since, or has ended. */
export function decideWait(
  awaited: Awaited,
  firstStep: number | undefined,
  { run, doing, trainers, trainersWanted, row, events }: StatusReply__Output,
): WaitDecision {
  const { status = '', step = 0, steps = 0 } = run ?? {};
  const at = `step ${step} of ${steps}`;
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
