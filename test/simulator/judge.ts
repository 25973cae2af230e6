import { isFurther, type RunCore, type RunView } from '@gan-train/coordinator/membership';
import {
  completeStep,
  isSameGeneration,
  isSameTriple,
  tripleFromMessage,
  type LossRow,
  type SessionDown,
  type Triple,
} from '@gan-train/rpc';
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { OpenGeneration, Partial } from './generation.js';
import type { Process } from './process.js';
import {
  indexOfPlace,
  keyOfTriple,
  nameOfTriple,
  undisturbedStates,
  type Place,
  type State,
} from './state.js';
import type { Trainer } from './trainer.js';
import type { Settings } from './world.js';

/** So long a trainer must have been left alone before a coordinator can be expected to know of it. */
const settledMs = 20_000;

/** Sees everything, and says what must not be. */
export interface Judge {
  readonly violations: readonly string[];
  readonly outcome: { status: string; code: string; reason: string } | undefined;
  readonly counts: { commits: number; generations: number; healed: number; rewinds: number; guarded: number };
  fails(what: string): void;
  commits(trainer: Trainer, state: State, open: OpenGeneration): void;
  healed(trainer: Trainer, state: State): void;
  flipped(state: State): void;
  sums(generation: Triple['generation'], place: Place, partials: readonly Partial[]): void;
  hears(trainer: Trainer, terms: Trainer['terms']): void;
  listens(trainer: Trainer): void;
  starts(core: RunCore, start: NonNullable<SessionDown['start']>, to: string): void;
  rewinds(step: number, core: RunCore): void;
  stores(row: LossRow, before: number): void;
  keeps(state: State): void;
  bounds(view: RunView): void;
  guarded(): void;
  /** A coordinator holds a trainer for lost. */
  gaveUp(incarnation: string, how: string, reason: string): void;
  /** One that wanted to leave may. */
  released(incarnation: string, view: RunView): void;
  over(outcome: { status: string; code: string; reason: string }): void;
  /** When all is over. */
  concludes(): void;
}

export interface Evidence {
  clock: Clock;
  disk: Disk;
  trainers(): readonly Trainer[];
  /** When the coordinator that there is now began, or woke up. */
  coordinatorSinceMs(): number;
  /** When a trainer and the coordinator were last kept apart. */
  apartMs(process: Process): number;
}

/** A trainer's incarnations are its name and a number. */
const nameOf = (incarnation: string): string => incarnation.split('/')[0] ?? '';

export function createJudge(settings: Settings, evidence: Evidence): Judge {
  const { clock, disk } = evidence;
  const { steps, seed, shards, options } = settings;
  const { exact } = options;
  const undisturbed = undisturbedStates(seed, steps);
  const violations: string[] = [];
  const hashes = new Map<string, number>();
  const tainted = new Set<number>();
  const counts = { commits: 0, generations: 0, healed: 0, rewinds: 0, guarded: 0 };
  const started = new Set<string>();
  const givenUp = new Set<string>();
  const goneBack: { holder: Trainer; what: string; untilMs: number }[] = [];
  let outcome: Judge['outcome'];
  let hasFlipped = false;

  const fails = (what: string): void => void violations.push(`${(clock.nowMs / 1000).toFixed(3)} s: ${what}`);

  /** Equal triples, equal bits; and with exact numerics those of the undisturbed run. */
  function same(state: State, who: string): void {
    if (state.isTainted) return;
    const key = keyOfTriple(state.triple);
    const known = hashes.get(key);
    if (known === undefined) hashes.set(key, state.hash);
    else if (known !== state.hash)
      fails(`${who} has other bits at ${nameOfTriple(state.triple)} than were there before`);
    const { position } = state.triple;
    if (exact && undisturbed[indexOfPlace(position)]?.hash !== state.hash)
      fails(`${who} has other bits at ${nameOfTriple(state.triple)} than the undisturbed run`);
  }

  const isAlone = (trainer: Trainer): boolean => {
    const since = Math.max(
      trainer.process.awakeSinceMs,
      evidence.apartMs(trainer.process),
      evidence.coordinatorSinceMs(),
    );
    return trainer.process.isAlive && !trainer.process.isPaused && clock.nowMs - since > settledMs;
  };

  /** Nothing is wrong with it, nor with its session, for longer than anybody waits for anything. */
  const isUndisturbed = ({ process, stream }: Trainer): boolean =>
    process.isAlive &&
    !process.isPaused &&
    stream !== undefined &&
    !stream.isBroken &&
    clock.nowMs - Math.max(process.awakeSinceMs, evidence.apartMs(process)) > settledMs;

  return {
    violations,
    counts,
    get outcome() {
      return outcome;
    },
    fails,
    commits(trainer, state, open) {
      counts.commits++;
      if (state.isTainted) tainted.add(state.hash);
      same(state, trainer.process.name);
      if (!isSameGeneration(trainer.membership.open, open.id))
        fails(`${trainer.process.name} commits ${nameOfTriple(state.triple)} in a generation that is closed`);
    },
    healed(trainer, state) {
      counts.healed++;
      same(state, trainer.process.name);
    },
    flipped() {
      hasFlipped = true;
    },
    sums({ term, n }, { step, phase }, partials) {
      const order = [...partials]
        .filter(({ shardCount }) => shardCount > 0)
        .sort((a, b) => a.firstShard - b.firstShard);
      let next = 0;
      for (const { firstShard, shardCount } of order) {
        if (firstShard !== next)
          fails(`shards of (${term}.${n}, ${step} ${phase}) are not computed once each`);
        next = firstShard + shardCount;
      }
      if (next !== shards)
        fails(`${next} of ${shards} shards are in the sum of (${term}.${n}, ${step} ${phase})`);
    },
    hears(trainer, terms) {
      terms.highest = Math.max(terms.highest, terms.session);
      const late = goneBack.find(({ holder, untilMs }) => holder === trainer && clock.nowMs <= untilMs);
      if (late !== undefined) fails(`${late.what}, who comes back in time`);
    },
    listens(trainer) {
      const { highest, session } = trainer.terms;
      if (session !== 0 && session < highest)
        fails(`${trainer.process.name} listens to term ${session} after ${highest}`);
    },
    starts(core, start, to) {
      const id = start.generation ?? {};
      const key = `${id.term}.${id.n}`;
      const trainer = evidence.trainers().find(({ incarnation }) => incarnation === to);
      const { view } = core;
      const state = tripleFromMessage(start.state as Parameters<typeof tripleFromMessage>[0]);
      const isGuard = view.returnedTo !== undefined && isSameTriple(view.returnedTo, state);
      if (trainer?.process.isAlive === true && trainer.membership.isConnected) {
        const { open } = trainer.membership;
        if (open !== undefined) fails(`${key} is started while ${to} commits in ${open.term}.${open.n}`);
        const own = trainer.control.state.triple;
        if (!isGuard && isFurther(own, state, exact) && completeStep(own.position) <= view.rowsStep)
          fails(`${key} starts from ${nameOfTriple(state)}, and ${to} holds ${nameOfTriple(own)}`);
      }
      if (started.has(key)) return;
      started.add(key);
      counts.generations++;
      if (isGuard || hasFlipped) return;
      const known = disk.rows.length;
      const isShort = (start.members ?? []).length < view.wanted;
      for (const holder of evidence.trainers()) {
        if (givenUp.has(holder.process.name)) continue;
        const own = holder.control.state.triple;
        const what = `${key} goes back to ${nameOfTriple(state)} though ${holder.process.name} holds ${nameOfTriple(own)}`;
        // Steps that have rows were made before this coordinator began: whoever holds them has a minute to come back.
        if (
          isFurther(own, state, exact) &&
          isShort &&
          completeStep(state.position) < known &&
          completeStep(own.position) >= known
        )
          goneBack.push({
            holder,
            what,
            untilMs: evidence.coordinatorSinceMs() + settings.options.rollbackMs,
          });
        if (
          isFurther(own, state, exact) &&
          isAlone(holder) &&
          completeStep(own.position) > completeStep(state.position)
        )
          fails(what);
      }
    },
    rewinds(step, core) {
      counts.rewinds++;
      if (step >= core.view.rowsStep && step > disk.rows.length)
        fails(`rows are cut at ${step} where there are none`);
    },
    stores(row, before) {
      if (row.step !== before + 1) fails(`row ${row.step} is stored after ${before}`);
      if (!exact || hasFlipped) return;
      const right = undisturbed[indexOfPlace({ step: row.step, phase: 1 })]?.rows;
      if (right?.dLoss !== row.dLoss || right.gLoss !== row.gLoss) fails(`row ${row.step} is another run's`);
    },
    keeps(state) {
      same(state, 'a checkpoint');
    },
    bounds(view) {
      const { length } = view.trainers;
      if (length > 64 || view.lost.length > 64)
        fails(`the core keeps ${length} trainers and ${view.lost.length} that are lost`);
      for (const { membership, process } of evidence.trainers())
        if (membership.rows.length > steps) fails(`${process.name} keeps ${membership.rows.length} rows`);
    },
    guarded: () => void counts.guarded++,
    gaveUp(incarnation, how, reason) {
      givenUp.add(nameOf(incarnation));
      const trainer = evidence.trainers().find((one) => one.incarnation === incarnation);
      if (trainer === undefined || !isUndisturbed(trainer)) return;
      const { activity, sinceMs } = trainer.control;
      const waits = activity === 'WAITING_PEER' && clock.nowMs - sinceMs > 6_000;
      if (how === 'silence' || reason.startsWith('it did not answer'))
        fails(`${incarnation} is given up though it answers: ${reason}`);
      else if (how === 'deadline' && waits)
        fails(`${incarnation} is given up though it waits for others: ${reason}`);
    },
    released(incarnation, view) {
      const trainer = evidence.trainers().find((one) => one.incarnation === incarnation);
      if (trainer === undefined || hasFlipped || view.stage.name !== 'gathering') return;
      const own = trainer.control.state.triple;
      const isKept = [disk.checkpoint?.triple, ...view.trainers.map(({ state }) => state)].some(
        (kept) => kept !== undefined && !isFurther(own, kept, exact),
      );
      if (
        own.generation.term > 0 &&
        !isKept &&
        completeStep(own.position) <= view.rowsStep &&
        trainer.membership.open === undefined
      )
        fails(`${incarnation} is let go with ${nameOfTriple(own)}, which nobody else has`);
    },
    over(ended) {
      outcome = ended;
    },
    concludes() {
      const { checkpoint, rows } = disk;
      if (outcome === undefined || outcome.status === 'failed') return;
      if (checkpoint === undefined) {
        if (outcome.status === 'finished') fails('nothing is stored at the end');
        return;
      }
      const { step } = checkpoint.triple.position;
      if (outcome.status === 'finished' && step !== steps) fails(`the run ends at step ${step} of ${steps}`);
      if (
        exact &&
        !hasFlipped &&
        checkpoint.hash !== undisturbed[indexOfPlace(checkpoint.triple.position)]?.hash
      )
        fails('the last checkpoint is not that of the undisturbed run');
      const complete = completeStep(checkpoint.triple.position);
      // A run that is stopped when nobody is left has rows of steps that it must compute again.
      if (rows.length < complete || (outcome.status === 'finished' && rows.length > complete))
        fails(`${rows.length} rows are stored of ${complete}`);
      // With other numerics a trainer that comes back may bring a row that its successors have computed anew.
      if (hasFlipped || !exact) return;
      let list = checkpoint.rows;
      for (let i = complete - 1; i >= 0; i--, list = list?.before) {
        const row = rows[i];
        if (row?.step !== list?.step || row?.dLoss !== list?.dLoss || row?.gLoss !== list?.gLoss) {
          fails(`row ${i + 1} is not of the steps that led to the last checkpoint`);
          return;
        }
      }
    },
  };
}
