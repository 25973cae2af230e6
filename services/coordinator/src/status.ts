import { isSameGeneration, type ScaleRequest, type StatusReply, type TrainerStatus } from '@gan-train/rpc';
import { GanTrainError, mostTrainers } from '@gan-train/service';
import { infoOfRun, requireRunIfGiven } from './handlers.js';
import type { TrainerView } from './membership/view.js';
import type { Run } from './run.js';

/** Coordinator.Scale: how many trainers the run wants from now on. */
export async function scale(
  run: Run,
  { runId, trainers }: ScaleRequest,
  control: { scale(trainers: number): Promise<void> },
): Promise<{ before: number }> {
  requireRunIfGiven(run, runId);
  if (trainers < run.context.config.minTrainers)
    throw new GanTrainError(
      'bad_config',
      `the run needs at least ${run.context.config.minTrainers} trainers`,
    );
  if (trainers < 1 || trainers > mostTrainers)
    throw new GanTrainError(
      'protocol',
      `${trainers} trainers can't be wanted`,
      `ask for 1 to ${mostTrainers}`,
    );
  const before = run.core.view.wanted;
  await control.scale(trainers);
  return { before };
}

/** Coordinator.Status: what a person wants to know of a run that is alive. */
export function status(run: Run, { runId }: { runId: string }): StatusReply {
  requireRunIfGiven(run, runId);
  const { events } = run.context;
  const { view } = run.core;
  return {
    run: infoOfRun(run, view.rowsStep),
    generation: view.generation.id,
    doing: run.doing,
    trainersWanted: view.wanted,
    trainers: view.trainers.map((trainer) => statusOf(run, trainer)),
    row: events.lastRow(),
    events: events.recent(),
    configJson: JSON.stringify(run.context.config),
  };
}

function statusOf(run: Run, trainer: TrainerView): TrainerStatus {
  const { view } = run.core;
  const { incarnation, address, progress, heardAtMs } = trainer;
  const rank = view.generation.members.findIndex((member) => member.incarnation === incarnation);
  const isMember = rank >= 0 && isSameGeneration(trainer.generation, view.generation.id);
  const member = isMember ? view.generation.members[rank] : undefined;
  const link = run.link(incarnation);
  const addresses = new Map(view.generation.members.map((other) => [other.incarnation, other.address]));
  const standing = trainer.status === 'joined' ? 'joining' : member === undefined ? 'standby' : 'member';
  return {
    incarnation,
    address,
    pid: link?.pid ?? 0,
    host: link?.host ?? '',
    role: trainer.leaving ? 'leaving' : standing,
    rank: member === undefined ? 0 : rank,
    firstShard: member?.firstShard ?? 0,
    shardCount: member?.shardCount ?? 0,
    position: progress.position,
    activity: progress.activity,
    shardsDone: progress.shardsDone,
    waitingFor: progress.waitingFor.map((other) => addresses.get(other) ?? other),
    silentSeconds: (performance.now() - heardAtMs) / 1000,
  };
}
