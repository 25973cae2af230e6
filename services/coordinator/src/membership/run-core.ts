import { shardsOfRank } from '@gan-train/collective';
import {
  completeStep,
  initialTriple,
  isSameGeneration,
  isSamePosition,
  type Position,
  type SessionDown,
  type Triple,
} from '@gan-train/rpc';
import { decideRun } from './decide-run.js';
import { createHashTable, type Agreement } from './hash-table.js';
import type { Effect, Input, LossKind, Note, ProgressInput } from './inputs-and-effects.js';
import { createQuarantine } from './quarantine.js';
import { createStallInspector } from './stall.js';
import type { Decision, End, RunOptions, RunView, TrainerView } from './view.js';

/** What a run begins with, or goes on with. */
export interface RunStart {
  nowMs: number;
  term: number;
  shards: number;
  wanted: number;
  /** The last generation that was started. */
  generation: RunView['generation'];
  stored: Triple;
  isStoredInitial: boolean;
  rowsStep: number;
  finalStep: number | undefined;
}

/** A run's membership: inputs change what is known, and what is decided of that comes out as effects. No I/O, no clock of its own. */
export interface RunCore {
  readonly view: RunView;
  handle(nowMs: number, input: Input): Effect[];
  /** Whether the replicas of a state say that this is their hash. */
  agreement(state: Triple, hash: string): Agreement;
}

/** Between two ticks more time than this: the coordinator itself was paused, and can't blame others for silence. */
const gapMs = 1_000;
/** Decisions that one input can lead to: evictions of all trainers, and some. */
const mostDecisions = 10_000;
/** Incarnations that were lost are remembered so long: far beyond what a network or a paused process holds back. */
const mostGone = 10_000;

type Trainer = { -readonly [Key in keyof TrainerView]: TrainerView[Key] };
type View = Omit<RunView, 'trainers' | 'lost'> & { trainers: Trainer[]; lost: RunView['lost'][number][] };

export function createRunCore(start: RunStart, options: RunOptions): RunCore {
  const { term, shards } = start;
  const quarantine = createQuarantine();
  const hashes = createHashTable();
  const gone = new Set<string>();
  const view: View = {
    stage: { name: 'gathering', sinceMs: start.nowMs, first: true },
    trainers: [],
    generation: start.generation,
    wanted: start.wanted,
    stopRequested: false,
    stored: start.stored,
    isStoredInitial: start.isStoredInitial,
    rowsStep: start.rowsStep,
    finalStep: start.finalStep,
    knownStep: start.rowsStep,
    lost: [],
    mismatch: undefined,
    returnedTo: undefined,
    skippedInRow: 0,
    quarantine: quarantine.until,
  };
  let n = 0;
  let lastTickMs = start.nowMs;
  let lastReason = '';
  let failure: End | undefined;
  const stall = createStallInspector(start.nowMs);
  let effects: Effect[] = [];

  const send = (to: string, message: SessionDown): void => void effects.push({ kind: 'send', to, message });
  const note = (noted: Note): void => void effects.push({ kind: 'noted', note: noted });
  const find = (incarnation: string): Trainer | undefined =>
    view.trainers.find((trainer) => trainer.incarnation === incarnation);
  const isPresent = (incarnation: string): boolean => find(incarnation) !== undefined;
  const isMember = ({ incarnation, generation }: Trainer): boolean =>
    isSameGeneration(generation, view.generation.id) &&
    view.generation.members.some((member) => member.incarnation === incarnation);

  // ---- inputs

  function take(nowMs: number, input: Input): void {
    switch (input.kind) {
      case 'tick':
        lastTickMs = nowMs;
        return;
      case 'joined':
        join(nowMs, input);
        return;
      case 'lost':
        lose(nowMs, input.incarnation, input.reason, input.how);
        return;
      case 'rowsStored':
        view.rowsStep = Math.max(view.rowsStep, input.step);
        // Trainers that come back to a new coordinator bring rows that the one before didn't get.
        if (n === 0) view.knownStep = view.rowsStep;
        return;
      case 'checkpointStored':
        view.stored = input.state;
        view.isStoredInitial = false;
        if (input.final) view.finalStep = completeStep(input.state.position);
        return;
      case 'finalNotStored':
        failure = { status: 'failed', code: input.code, reason: input.reason };
        return;
      case 'stop':
        view.stopRequested = true;
        for (const { incarnation, status } of view.trainers)
          if (status === 'running') send(incarnation, { stop: {} });
        return;
      case 'scale':
        view.wanted = input.trainers;
        return;
      case 'ready':
      case 'progress':
      case 'prepared':
      case 'drained':
      case 'leave':
      case 'probed':
      case 'hash': {
        const trainer = find(input.incarnation);
        // A message of one that is lost changes nothing.
        if (trainer === undefined) return;
        trainer.heardAtMs = nowMs;
        takeOf(nowMs, trainer, input);
      }
    }
  }

  function takeOf(
    nowMs: number,
    trainer: Trainer,
    input: Extract<
      Input,
      { kind: 'ready' | 'progress' | 'prepared' | 'drained' | 'leave' | 'probed' | 'hash' }
    >,
  ): void {
    switch (input.kind) {
      case 'ready':
        trainer.state = input.state;
        trainer.generation = input.generation;
        trainer.status = input.generation === undefined ? 'idle' : 'running';
        trainer.progress = idleAt(nowMs, input.state.position);
        // It comes back too late: that generation is being closed, or is over.
        if (input.generation !== undefined && view.stage.name !== 'gathering')
          send(trainer.incarnation, { prepare: { generation: input.generation } });
        return;
      case 'progress':
        progress(nowMs, trainer, input.progress);
        return;
      case 'prepared':
        if (trainer.status !== 'running' || !isSameGeneration(input.generation, trainer.generation)) return;
        trainer.state = input.state;
        trainer.status = 'idle';
        return;
      case 'drained':
        if (trainer.status !== 'running' || !isMember(trainer)) return;
        trainer.state = input.state;
        trainer.status = 'drained';
        view.skippedInRow = Math.max(view.skippedInRow, input.skippedInRow);
        return;
      case 'leave':
        trainer.leaving = true;
        return;
      case 'probed':
        if (trainer.probe !== undefined && isSameGeneration(trainer.probe.generation, input.generation))
          trainer.probe = { ...trainer.probe, unreachable: input.unreachable };
        return;
      case 'hash':
        if (isMember(trainer)) hashes.report(nowMs, trainer.incarnation, input.state, input.hash);
        return;
    }
  }

  function join(nowMs: number, { incarnation, address }: { incarnation: string; address: string }): void {
    // Its session broke without its knowing: the one that it had is over, and with it its place.
    lose(nowMs, incarnation, 'it opened another session', 'session', false);
    if (gone.has(incarnation)) {
      send(incarnation, { refused: { code: 'fenced', message: 'its place was given up: it joins anew' } });
      effects.push({ kind: 'endSession', to: incarnation });
      return;
    }
    if (view.stage.name === 'over') {
      send(incarnation, { done: { reason: 'the run is over' } });
      effects.push({ kind: 'endSession', to: incarnation });
      return;
    }
    view.trainers.push({
      incarnation,
      address,
      status: 'joined',
      generation: undefined,
      state: initialTriple,
      leaving: false,
      heardAtMs: nowMs,
      progress: idleAt(nowMs, initialTriple.position),
      probe: undefined,
    });
  }

  function progress(nowMs: number, trainer: Trainer, input: ProgressInput): void {
    if (trainer.status !== 'running' || !isSameGeneration(input.generation, trainer.generation)) return;
    const { activity, position, shardsDone, shardSeconds, state } = input;
    const before = trainer.progress;
    const isSame = before.activity === activity && isSamePosition(before.position, position);
    const names = (ranks: readonly number[]): string[] =>
      ranks.flatMap((rank) => view.generation.members[rank]?.incarnation ?? []);
    const unreachable = new Map(names(input.unreachable).map((i) => [i, before.unreachable.get(i) ?? nowMs]));
    const sinceMs = isSame ? before.sinceMs : nowMs;
    const waitingFor = names(input.waitingFor);
    trainer.progress = { activity, position, shardsDone, shardSeconds, sinceMs, waitingFor, unreachable };
    trainer.state = state;
    if (isMember(trainer)) stall.committed(nowMs, state.position);
  }

  function lose(nowMs: number, incarnation: string, reason: string, how: LossKind, ends = true): void {
    const trainer = find(incarnation);
    if (trainer === undefined || view.stage.name === 'over') return;
    const wasMember = isMember(trainer);
    view.trainers.splice(view.trainers.indexOf(trainer), 1);
    remember(incarnation);
    const { address } = trainer;
    // One that stood still in no generation leaves without a trace.
    if (wasMember) {
      view.lost.push({ incarnation, address, reason });
      quarantine.evicted(nowMs, address);
    }
    note({ name: 'lost', incarnation, address, how, reason, wasMember });
    if (ends) effects.push({ kind: 'endSession', to: incarnation });
  }

  function remember(incarnation: string): void {
    gone.add(incarnation);
    const [oldest] = gone;
    if (gone.size > mostGone && oldest !== undefined) gone.delete(oldest);
  }

  function rearm(nowMs: number): void {
    lastTickMs = nowMs;
    for (const trainer of view.trainers) {
      trainer.heardAtMs = nowMs;
      trainer.progress = { ...trainer.progress, sinceMs: nowMs, unreachable: new Map() };
    }
    if (view.stage.name !== 'over') view.stage = { ...view.stage, sinceMs: nowMs };
    stall.rearm(nowMs);
  }

  /** Replicas that differ stop the generation that they are in. */
  function compare(nowMs: number): void {
    if (view.mismatch !== undefined || view.stage.name === 'over') return;
    const mismatch = hashes.mismatch(nowMs, view.stage.name === 'running', isPresent);
    if (mismatch === undefined) return;
    view.mismatch = mismatch;
    note({ name: 'mismatch', position: mismatch.position });
  }

  // ---- decisions

  function decide(nowMs: number): void {
    for (let i = 0; i < mostDecisions; i++) {
      const decision: Decision =
        failure === undefined || view.stage.name === 'over'
          ? decideRun(nowMs, view, options)
          : { action: 'end', ...failure };
      if (decision.action !== 'wait' || decision.reason !== lastReason) {
        lastReason = decision.reason;
        note({ name: 'decided', action: decision.action, reason: decision.reason });
      }
      if (decision.action === 'wait') return;
      apply(nowMs, decision);
    }
    throw new Error(`${mostDecisions} decisions without an end: ${lastReason}`);
  }

  function apply(nowMs: number, decision: Exclude<Decision, { action: 'wait' }>): void {
    switch (decision.action) {
      case 'gather':
        view.stage = { name: 'gathering', sinceMs: nowMs, first: false };
        return;
      case 'start':
        startGeneration(nowMs, decision);
        return;
      case 'evict':
        lose(nowMs, decision.incarnation, decision.reason, decision.kind);
        return;
      case 'close': {
        const { atOnce, reason } = decision;
        view.stage = { name: 'closing', sinceMs: nowMs, atOnce, reason };
        note({ name: 'closed', atOnce, reason });
        for (const { incarnation, status, generation } of view.trainers) {
          if (status === 'running') send(incarnation, { [atOnce ? 'prepare' : 'pause']: { generation } });
        }
        return;
      }
      case 'probe': {
        const trainer = find(decision.incarnation) as Trainer;
        const { id, members } = view.generation;
        trainer.probe = { generation: id, sinceMs: nowMs, unreachable: undefined };
        send(trainer.incarnation, { probe: { generation: id, members: [...members] } });
        return;
      }
      case 'save': {
        const { by, reason, then } = decision;
        view.stage = { name: 'saving', sinceMs: nowMs, by, reason, then };
        send(by, { saveState: { generation: view.generation.id } });
        return;
      }
      case 'release': {
        const { incarnation, address } = find(decision.incarnation) as Trainer;
        view.trainers = view.trainers.filter((trainer) => trainer.incarnation !== incarnation);
        remember(incarnation);
        send(incarnation, { done: { reason: 'it was asked to end' } });
        note({ name: 'released', incarnation, address, reason: decision.reason });
        return;
      }
      case 'end': {
        const { status, code, reason } = decision;
        view.stage = { name: 'over' };
        effects.push({ kind: 'over', end: { status, code, reason } });
        for (const { incarnation } of view.trainers) send(incarnation, { done: { reason } });
        return;
      }
    }
  }

  function startGeneration(nowMs: number, decision: Extract<Decision, { action: 'start' }>): void {
    const { state, source, holders, reason } = decision;
    n += 1;
    const id = { term, n };
    const trainers = decision.members.map((incarnation) => find(incarnation) as Trainer);
    const members = trainers.map(({ incarnation, address }, rank) => {
      const { first, count } = shardsOfRank(shards, trainers.length, rank);
      const holds = holders.includes(incarnation);
      return { incarnation, address, firstShard: first, shardCount: count, holds };
    });
    const step = completeStep(state.position);
    // With exact numerics the rows of steps that are computed again are those that are there.
    if (step < view.rowsStep && (source !== 'HOLDERS' || !options.exact)) {
      effects.push({ kind: 'rewind', step });
      view.rowsStep = step;
    }
    view.generation = { id, members };
    effects.push({ kind: 'saveGeneration', id, members });
    view.stage = { name: 'running', sinceMs: nowMs };
    view.knownStep = 0;
    view.finalStep = undefined;
    view.lost = [];
    if (view.mismatch !== undefined) view.returnedTo = view.stored;
    view.mismatch = undefined;
    hashes.begin(members.map(({ incarnation }) => incarnation));
    stall.begin(nowMs, state.position);
    const message = { generation: id, members, steps: options.steps, state, source };
    for (const trainer of trainers) {
      trainer.status = 'running';
      trainer.generation = id;
      trainer.progress = { ...idleAt(nowMs, state.position), shardSeconds: trainer.progress.shardSeconds };
      send(trainer.incarnation, { start: message });
    }
    const healing = members.filter(({ holds }) => !holds).length;
    note({ name: 'started', id, position: state.position, members, healing, reason });
  }

  return {
    get view() {
      return view;
    },
    handle(nowMs, input) {
      effects = [];
      // Whatever comes first after a pause: it must not be judged by what was heard before.
      if (nowMs - lastTickMs > gapMs) rearm(nowMs);
      take(nowMs, input);
      // Every trainer says every second how far it is: what follows from that waits for the next tick.
      if (input.kind === 'progress') return effects;
      compare(nowMs);
      decide(nowMs);
      const stalled = view.stage.name === 'running' ? stall.look(nowMs, view) : undefined;
      if (stalled !== undefined) note({ name: 'stalled', ...stalled });
      return effects;
    },
    agreement: (state, hash) => hashes.agreement(state, hash, isPresent),
  };
}

const idleAt = (nowMs: number, position: Position): TrainerView['progress'] => ({
  activity: 'IDLE',
  position,
  shardsDone: 0,
  sinceMs: nowMs,
  shardSeconds: 0,
  waitingFor: [],
  unreachable: new Map(),
});
