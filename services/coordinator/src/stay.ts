import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '@gan-train/service';
import type { Run, RunOutcome } from './run.js';

/** Trainers that are told to end at the same time say so within this. */
const settleMs = 2_000;
/** How long those may take: a state that only they hold is stored first. */
const leaveMs = 45_000;
const pollMs = 100;

/**
 * Of a coordinator that is started again whenever it ends: how the run ended, or nothing, once the signal has aborted and nobody needs
 * this process any more. Trainers that go with it bring their state here first; the others train on, and wait for the next coordinator.
 */
export async function outcomeOrLeave(run: Run, signal: AbortSignal): Promise<RunOutcome | undefined> {
  return Promise.race([run.outcome, untilMayGo(run, signal)]);
}

async function untilMayGo(run: Run, signal: AbortSignal): Promise<RunOutcome | undefined> {
  const { log } = run.context;
  await untilAborted(signal);
  if (run.isOver) return run.outcome;
  log.info('asked to go: the run goes on without this process');
  const deadline = performance.now() + leaveMs;
  await delay(settleMs);
  while (isNeeded(run) && performance.now() < deadline) await delay(pollMs);
  return undefined;
}

function isNeeded({ core }: Run): boolean {
  const { stage, trainers } = core.view;
  return stage.name === 'saving' || trainers.some(({ leaving }) => leaving);
}

/** Whether another coordinator would come to the same end, so that nobody is to start one. */
export function isForGood({ status, code }: RunOutcome): boolean {
  return status !== 'failed' || code === 'nonfinite' || code === 'state_mismatch';
}

/** Says in the cluster how the run ended, and keeps the process until the signal aborts. */
export async function stay(
  run: Run,
  side: { over(): Promise<void> } | undefined,
  signal: AbortSignal,
): Promise<void> {
  await Promise.race([side?.over(), untilAborted(signal)]);
  if (!signal.aborted) run.context.log.info('stays, for who asks how the run ended');
  await untilAborted(signal);
}
