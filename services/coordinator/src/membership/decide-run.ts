import { completeStep, isSameGeneration, isSameTriple, type Triple } from '@gan-train/rpc';
import { plural } from '@gan-train/service';
import { decideBlame } from './decide-blame.js';
import {
  isFurther,
  nameOfPosition,
  nameOfTrainer,
  type Decision,
  type End,
  type MemberView,
  type RunOptions,
  type RunView,
  type Stage,
  type TrainerView,
} from './view.js';

/** A trainer whose probe failed, or that didn't answer, is asked again after this. */
const probeAgainMs = 30_000;

/**
 * What the coordinator does next, as a pure function of the time and of what it knows; run-core.ts applies it. The reason is
 * words for a person.
 */
export function decideRun(nowMs: number, run: RunView, options: RunOptions): Decision {
  const { stage } = run;
  if (stage.name === 'over') return wait('the run is over');
  const silent = run.trainers.find(({ heardAtMs }) => nowMs - heardAtMs > options.silenceMs);
  if (silent !== undefined) {
    const seconds = ((nowMs - silent.heardAtMs) / 1000).toFixed(0);
    return {
      action: 'evict',
      incarnation: silent.incarnation,
      reason: `silent for ${seconds} s`,
      kind: 'silence',
    };
  }
  switch (stage.name) {
    case 'gathering':
      return decideGathering(nowMs, run, stage, options);
    case 'running':
      return decideRunning(nowMs, run, options);
    case 'closing':
      return decideClosing(nowMs, run, stage, options);
    case 'saving':
      return decideSaving(nowMs, run, stage, options);
  }
}

const wait = (reason: string): Decision => ({ action: 'wait', reason });

// ---- gathering

type Gathering = Extract<Stage, { name: 'gathering' }>;

function decideGathering(nowMs: number, run: RunView, stage: Gathering, options: RunOptions): Decision {
  const stillRunning = run.trainers.filter(({ status }) => status === 'running');
  if (stillRunning.length > 0) return decideReturn(nowMs, run, stage, options);
  const standing = run.trainers.filter(({ status }) => status !== 'joined');
  const best = bestState(run, standing, options.exact);
  const isStored = isSameTriple(best, run.stored);
  const holders = isStored ? [] : standing.filter(({ state }) => isSameTriple(state, best));
  const staying = standing.filter(({ leaving }) => !leaving);
  const keeping = (end: End): Decision => keepThenEnd(holders, end);

  const again = decideMismatchAgain(run);
  if (again !== undefined) return again;
  const isAtEnd = run.finalStep !== undefined && (run.finalStep >= options.steps || run.stopRequested);
  if (run.skippedInRow > 0 && run.finalStep !== undefined) return { action: 'end', ...nonfinite(run) };
  if (isAtEnd) return { action: 'end', ...ended(run.finalStep as number, options) };
  if (run.stopRequested) {
    return keeping({ status: 'stopped', code: 'none', reason: stoppedAt(run, completeStep(best.position)) });
  }
  const departure = decideDeparture(run, holders);
  if (departure !== undefined) return departure;

  const late = nowMs - stage.sinceMs > options.joinMs;
  const chosen = choose(
    staying.filter((t) => !isQuarantined(nowMs, run, t)),
    holders,
    run.wanted,
  );
  const missing = completeStep(best.position) < run.knownStep && chosen.length < run.wanted;
  if (missing && nowMs - stage.sinceMs <= options.rollbackMs) {
    return wait(`step ${run.knownStep} was reached, and nobody who holds it is back`);
  }
  const least = stage.first && !late ? Math.max(run.wanted, options.minTrainers) : options.minTrainers;
  if (chosen.length >= least) {
    return decideKeeper(chosen, holders) ?? start(run, chosen, best, isStored, holders);
  }
  const ready = `${chosen.length} of ${plural(least, 'trainer')} ${chosen.length === 1 || least === 1 ? 'is' : 'are'} ready`;
  if (late) {
    const reason = `only ${ready} after ${options.joinMs / 1000} s`;
    return keeping({
      status: 'failed',
      code: lastLoss(run) === undefined ? 'timeout' : 'trainer_lost',
      reason,
    });
  }
  return wait(stage.first ? ready : `paused at ${nameOfPosition(best.position)}: ${ready}${after(run)}`);
}

/** Trainers that come back to a coordinator that was away still compute: their generation is ended before a new one starts. */
function decideReturn(nowMs: number, run: RunView, stage: Gathering, options: RunOptions): Decision {
  const members = membersOf(run);
  const back = members.filter(({ trainer }) => trainer?.status === 'running');
  if (back.length === members.length) {
    return {
      action: 'close',
      atOnce: false,
      reason: `the coordinator was away; all ${plural(back.length, 'trainer')} went on`,
    };
  }
  const reason = `${back.length} of ${plural(members.length, 'trainer')} came back to the coordinator`;
  if (nowMs - stage.sinceMs > options.returnMs) return { action: 'close', atOnce: true, reason };
  return wait(reason);
}

/**
 * What the run goes on from: the furthest of all that there is, unless replicas can't be trusted. A state that comes back after rows
 * of its steps were cut can't be gone on from: those rows would be missing for good.
 */
function bestState(run: RunView, standing: readonly TrainerView[], exact: boolean): Triple {
  if (run.mismatch !== undefined) return run.stored;
  const whole = standing.filter(({ state }) => completeStep(state.position) <= run.rowsStep);
  return whole.reduce((best, { state }) => (isFurther(state, best, exact) ? state : best), run.stored);
}

/** Members-to-be, in order of arrival; where some hold the state that isn't stored, one of those is among them. */
function choose(
  ready: readonly TrainerView[],
  holders: readonly TrainerView[],
  wanted: number,
): readonly TrainerView[] {
  const chosen = ready.slice(0, wanted);
  const keeper = ready.find((trainer) => holders.includes(trainer));
  if (keeper === undefined || chosen.some((trainer) => holders.includes(trainer))) return chosen;
  return [...chosen.slice(0, -1), keeper];
}

/** When all that hold the state must stand by it is stored first: members could not take it from anybody. */
function decideKeeper(chosen: readonly TrainerView[], holders: readonly TrainerView[]): Decision | undefined {
  const [holder] = holders;
  if (holder === undefined || chosen.some((trainer) => holders.includes(trainer))) return undefined;
  const reason = `${nameOfTrainer(holder)} stands by and no other one holds its state: it is stored`;
  return { action: 'save', by: holder.incarnation, reason, then: 'gather' };
}

/** Who wants to leave may when the state is safe without them; else it is stored first. */
function decideDeparture(run: RunView, holders: readonly TrainerView[]): Decision | undefined {
  const leaver = run.trainers.find(({ leaving }) => leaving);
  if (leaver === undefined) return undefined;
  const isSafe = holders.length === 0 || holders.some(({ leaving }) => !leaving);
  const [holder] = holders;
  if (isSafe || holder === undefined) {
    return { action: 'release', incarnation: leaver.incarnation, reason: 'it was asked to end' };
  }
  const reason = `${nameOfTrainer(holder)} leaves and no other one holds its state: it is stored`;
  return { action: 'save', by: holder.incarnation, reason, then: 'gather' };
}

function start(
  run: RunView,
  chosen: readonly TrainerView[],
  state: Triple,
  isStored: boolean,
  holders: readonly TrainerView[],
): Decision {
  const members = chosen.map(({ incarnation }) => incarnation);
  // A state that is stored as well is taken from those who have it, unless nobody is to be trusted.
  const having =
    isStored && run.mismatch === undefined ? chosen.filter((t) => isSameTriple(t.state, state)) : holders;
  const holding = having.map(({ incarnation }) => incarnation).filter((i) => members.includes(i));
  const source = holding.length > 0 ? 'HOLDERS' : run.isStoredInitial ? 'INITIAL' : 'CHECKPOINT';
  const reason = `${plural(members.length, 'trainer')} ${members.length === 1 ? 'is' : 'are'} ready${after(run)}`;
  return { action: 'start', members, state, source, holders: holding, reason };
}

/** A state that nobody else keeps is stored before the run ends. */
function keepThenEnd(holders: readonly TrainerView[], end: End): Decision {
  const [holder] = holders;
  if (holder === undefined) return { action: 'end', ...end };
  return { action: 'save', by: holder.incarnation, reason: end.reason, then: end };
}

const isQuarantined = (nowMs: number, run: RunView, { address }: TrainerView): boolean =>
  nowMs < (run.quarantine.get(address) ?? -Infinity);

const lastLoss = (run: RunView) => run.lost.at(-1);

function after(run: RunView): string {
  const loss = lastLoss(run);
  if (run.mismatch !== undefined)
    return `, after replicas differed at ${nameOfPosition(run.mismatch.position)}`;
  return loss === undefined ? '' : `, after ${nameOfTrainer(loss)} was lost: ${loss.reason}`;
}

function ended(step: number, options: RunOptions): End {
  const status = step >= options.steps ? 'finished' : 'stopped';
  return { status, code: 'none', reason: `step ${step} is stored` };
}

function stoppedAt({ rowsStep }: RunView, step: number): string {
  if (rowsStep > step)
    return `the run was stopped; steps ${step + 1} to ${rowsStep} are lost with the trainers that held them`;
  return step === 0 ? 'stopped before the first step' : 'the run was stopped';
}

const nonfinite = (run: RunView): End => ({
  status: 'failed',
  code: 'nonfinite',
  reason: `${run.skippedInRow} updates in a row were skipped for gradients that were not finite`,
});

// ---- running

/** The generation's members with their trainers; undefined for those that are gone. */
function membersOf({
  trainers,
  generation,
}: RunView): { member: MemberView; trainer: TrainerView | undefined }[] {
  const there = new Map<string, TrainerView>();
  for (const trainer of trainers)
    if (isSameGeneration(trainer.generation, generation.id)) there.set(trainer.incarnation, trainer);
  return generation.members.map((member) => ({ member, trainer: there.get(member.incarnation) }));
}

type Present = { member: MemberView; trainer: TrainerView };

const presentOf = (members: ReturnType<typeof membersOf>): Present[] =>
  members.filter((one): one is Present => one.trainer !== undefined);

function decideRunning(nowMs: number, run: RunView, options: RunOptions): Decision {
  const members = membersOf(run);
  const present = presentOf(members);
  const drained = present.find(({ trainer }) => trainer.status === 'drained')?.trainer;
  if (drained !== undefined) {
    const step = completeStep(drained.state.position);
    if (run.finalStep === step && run.rowsStep >= step) {
      return { action: 'end', ...(run.skippedInRow > 0 ? nonfinite(run) : ended(step, options)) };
    }
  }
  if (present.length < members.length) {
    return { action: 'close', atOnce: true, reason: lossOf(run) };
  }
  if (run.mismatch !== undefined)
    return decideMismatchAgain(run) ?? { action: 'close', atOnce: true, reason: mismatchOf(run) };
  // One that couldn't store the last step, for instance: those that follow would wait for it for ever.
  const halted = present.find(({ trainer }) => trainer.status === 'idle')?.trainer;
  if (halted !== undefined) {
    return { action: 'close', atOnce: true, reason: `${nameOfTrainer(halted)} ended the generation` };
  }
  const blame = decideBlame(nowMs, present, options);
  if (blame !== undefined) return { action: 'evict', ...blame };
  if (drained !== undefined || run.stopRequested) return wait('the last step is being stored');
  return decideChange(nowMs, run, present) ?? wait(`${plural(present.length, 'trainer')} at work`);
}

function lossOf(run: RunView): string {
  const loss = lastLoss(run);
  return loss === undefined ? 'a trainer is lost' : `${nameOfTrainer(loss)} is lost: ${loss.reason}`;
}

/** Replicas that differ go back to what was stored when they agreed, once: a machine that computes wrongly does it again. */
function decideMismatchAgain(run: RunView): Decision | undefined {
  const { mismatch, returnedTo, stored } = run;
  if (mismatch === undefined || returnedTo === undefined || !isSameTriple(returnedTo, stored))
    return undefined;
  const machines = mismatch.suspects.length === 1 ? 'that machine' : 'those machines';
  const reason = `${mismatchOf(run)}, for the second time since the last checkpoint: don't use ${machines}`;
  return { action: 'end', status: 'failed', code: 'state_mismatch', reason };
}

function mismatchOf({ mismatch, generation }: RunView): string {
  const { position, suspects } = mismatch as NonNullable<RunView['mismatch']>;
  const addressOf = (incarnation: string): string =>
    generation.members.find((member) => member.incarnation === incarnation)?.address ?? incarnation;
  return `replicas differ at ${nameOfPosition(position)}: ${suspects.map(addressOf).join(', ')} from the others`;
}

/** A change of the membership that nothing forces: members finish the phase that they are in. */
function decideChange(
  nowMs: number,
  run: RunView,
  present: readonly { trainer: TrainerView }[],
): Decision | undefined {
  const leaver = run.trainers.find(({ leaving }) => leaving);
  if (leaver !== undefined) {
    const isMember = present.some(({ trainer }) => trainer === leaver);
    if (isMember) return { action: 'close', atOnce: false, reason: `${nameOfTrainer(leaver)} leaves` };
    return { action: 'release', incarnation: leaver.incarnation, reason: 'it was asked to end' };
  }
  if (present.length > run.wanted) {
    return {
      action: 'close',
      atOnce: false,
      reason: `${plural(run.wanted, 'trainer')} wanted, not ${present.length}`,
    };
  }
  if (present.length === run.wanted) return undefined;
  const joiners = run.trainers.filter((t) => t.status === 'idle' && !isQuarantined(nowMs, run, t));
  const admitted = joiners.find(({ probe }) => isCurrent(run, probe) && probe?.unreachable?.length === 0);
  if (admitted !== undefined)
    return { action: 'close', atOnce: false, reason: `${nameOfTrainer(admitted)} joins` };
  const unknown = joiners.find(
    ({ probe }) => !isCurrent(run, probe) || nowMs - (probe?.sinceMs ?? 0) > probeAgainMs,
  );
  if (unknown === undefined) return undefined;
  return {
    action: 'probe',
    incarnation: unknown.incarnation,
    reason: `${nameOfTrainer(unknown)} wants to join`,
  };
}

const isCurrent = (run: RunView, probe: TrainerView['probe']): boolean =>
  probe !== undefined && isSameGeneration(probe.generation, run.generation.id);

// ---- closing, saving

function decideClosing(
  nowMs: number,
  run: RunView,
  stage: Extract<Stage, { name: 'closing' }>,
  options: RunOptions,
): Decision {
  const pending = run.trainers.filter(({ status }) => status === 'running');
  if (pending.length === 0) return { action: 'gather', reason: stage.reason };
  if (!stage.atOnce) {
    const members = membersOf(run);
    const present = presentOf(members);
    if (present.length < members.length) return { action: 'close', atOnce: true, reason: lossOf(run) };
    const blame = decideBlame(nowMs, present, options);
    if (blame !== undefined) return { action: 'evict', ...blame };
    return wait(`${stage.reason}: ${plural(pending.length, 'trainer')} finish a phase`);
  }
  const [first] = pending;
  if (nowMs - stage.sinceMs > options.closeMs && first !== undefined) {
    const reason = `it did not answer prepare within ${options.closeMs / 1000} s`;
    return { action: 'evict', incarnation: first.incarnation, reason, kind: 'deadline' };
  }
  return wait(`${plural(pending.length, 'trainer')} still to say where they stand`);
}

function decideSaving(
  nowMs: number,
  run: RunView,
  stage: Extract<Stage, { name: 'saving' }>,
  options: RunOptions,
): Decision {
  const saver = run.trainers.find(({ incarnation }) => incarnation === stage.by);
  const isStored = saver !== undefined && isSameTriple(saver.state, run.stored);
  const isLate = nowMs - stage.sinceMs > options.saveMs;
  // When the one that was asked is lost another one's state is as good, or nearly: that is decided anew.
  if (saver === undefined || ((isStored || isLate) && stage.then === 'gather')) {
    return { action: 'gather', reason: isStored ? 'the state is stored' : stage.reason };
  }
  if (stage.then !== 'gather' && (isStored || isLate)) return { action: 'end', ...stage.then };
  return wait('the last state is being stored');
}
