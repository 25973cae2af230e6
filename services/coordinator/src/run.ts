import { EventEmitter, once } from 'node:events';
import type { DataSet, Order } from '@gan-train/data';
import {
  isSameGeneration,
  type GenerationId,
  type LossRow,
  type SessionDown,
  type Triple,
} from '@gan-train/rpc';
import { GanTrainError, withTimeout, type ErrorCode, type Logger, type RunConfig } from '@gan-train/service';
import type { EventHub } from './events.js';
import type { Effect, Input } from './membership/inputs-and-effects.js';
import { createRunCore, type RunCore, type RunStart } from './membership/run-core.js';
import type { End, RunOptions } from './membership/view.js';
import type { CoordinatorMetrics } from './metrics.js';
import { noteTaken } from './notes.js';
import type { RunDirectory } from './run-directory.js';
import { createTurns } from './turns.js';

const tickMs = 100;
const silenceMs = 5_000;
const closeMs = 10_000;
const saveMs = 120_000;
/** Trainers look for their coordinator every two seconds at most. */
const returnMs = 10_000;
const rollbackMs = 60_000;
/** Rows are sent before the checkpoint that needs them, on another connection. */
const rowsTimeoutMs = 30_000;
/** So long trainers keep rows and grids that can't be stored; and when somebody waits for the end. */
const storingPatienceMs = 600_000;
const lastStoringPatienceMs = 10_000;
/** Replicas hash their state after the same phase as the one that sends it. */
const agreementTimeoutMs = 60_000;
/** Trainers that are told of the end get this long to close their sessions. */
export const farewellMs = 3_000;

export interface RunContext {
  config: RunConfig;
  steps: number;
  directory: RunDirectory;
  data: DataSet;
  order: Order;
  events: EventHub;
  metrics: CoordinatorMetrics;
  log: Logger;
}

export interface RunOutcome {
  status: End['status'];
  code: ErrorCode | 'none';
  reason: string;
  step: number;
}

/** The way to a trainer, and what a person wants to know of it. */
export interface TrainerLink {
  pid: number;
  host: string;
  /** Of the Kubernetes pod that it runs in; empty elsewhere. */
  podUid: string;
  send(message: SessionDown): void;
  /** Nothing of this session is heard any more. */
  end(): void;
}

type Kept = 'rows' | 'grids';

/** The run as a whole: its core, and the effects of what that decides. */
export interface Run {
  readonly context: RunContext;
  readonly core: Pick<RunCore, 'view'>;
  /** What the run does or waits for, in words. */
  readonly doing: string;
  readonly outcome: Promise<RunOutcome>;
  readonly isOver: boolean;
  link(incarnation: string): TrainerLink | undefined;
  /** A trainer says hello. */
  join(incarnation: string, address: string, link: TrainerLink): Promise<void>;
  /** Resolves when everything that follows from the input is done; after all inputs before it. */
  handle(input: Input): Promise<void>;
  /** Does something between two inputs; `take` is an input of its own. */
  inTurn<T>(work: (take: (input: Input) => Promise<void>) => Promise<T>): Promise<T>;
  /**
   * Stores those rows that are not stored yet, each step's once and in order; where the disk won't take them they stay with the
   * trainers, which send them again. Throws `protocol` when one is missing. Rows of another generation than the current one change
   * nothing.
   */
  storeRows(rows: readonly LossRow[], generation: GenerationId): Promise<void>;
  /** Stores what follows of the rows that a trainer brings which comes back while the run gathers. */
  storeBroughtRows(rows: readonly LossRow[]): Promise<void>;
  /**
   * Resolves when the rows of all steps up to this one are stored; rejects with `timeout`, `fenced` when the generation ends, or what
   * keeps them from being stored.
   */
  rowsStored(step: number, generation: GenerationId): Promise<void>;
  /** Stores something that trainers keep until it is stored; the run ends when that goes wrong for too long. */
  storing(what: Kept, work: () => Promise<void>): Promise<void>;
  /** Tells everybody that the grid of a step is stored. */
  gridStored(step: number): void;
  /** Resolves when all replicas say that their state is the one with this hash; else rejects. */
  agreed(state: Triple, hash: string, generation: GenerationId): Promise<void>;
  /** How many trainers the run wants from now on. */
  scale(trainers: number): Promise<void>;
  close(): void;
}

export function createRun(
  context: RunContext,
  begin: Pick<RunStart, 'stored' | 'isStoredInitial' | 'rowsStep'>,
): Run {
  const { config, directory, events, metrics, log } = context;
  const options: RunOptions = {
    minTrainers: config.minTrainers,
    steps: context.steps,
    exact: config.numerics === 'exact',
    joinMs: 1000 * config.joinSeconds,
    silenceMs,
    closeMs,
    saveMs,
    returnMs,
    rollbackMs,
  };
  const { record } = directory;
  const core = createRunCore(
    {
      nowMs: performance.now(),
      term: record.term,
      shards: config.shards,
      wanted: config.trainers,
      generation: { id: record.generation, members: record.members ?? [] },
      finalStep: record.step >= context.steps ? record.step : undefined,
      ...begin,
    },
    options,
  );
  const links = new Map<string, TrainerLink>();
  const changes = new EventEmitter();
  changes.setMaxListeners(0);
  /** What can't be stored now, and why. */
  const failing = new Map<Kept, { error: GanTrainError; sinceMs: number }>();
  let doing = '';
  let settle: (outcome: RunOutcome) => void = () => undefined;
  const outcome = new Promise<RunOutcome>((resolve) => (settle = resolve));
  let isOver = false;
  void outcome.then(() => (isOver = true));
  // What an input changes is there before the next is taken.
  const inTurn = createTurns();

  const isCurrent = (generation: GenerationId): boolean =>
    isSameGeneration(generation, core.view.generation.id);

  async function take(input: Input): Promise<void> {
    try {
      for (const effect of core.handle(performance.now(), input)) await apply(effect);
    } catch (thrown) {
      fail(thrown);
    }
    // Nothing is decided of how far a trainer is before the next tick, and nobody waits for it.
    if (input.kind === 'progress') return;
    const { trainers } = core.view;
    metrics.trainersPresent(trainers.filter(({ status }) => status !== 'joined').length);
    changes.emit('change');
  }

  function fail(thrown: unknown): void {
    const { message, code } = GanTrainError.from(thrown);
    log.error({ err: thrown }, 'run failed');
    settle({ status: 'failed', code, reason: message, step: directory.record.step });
  }

  async function apply(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'send':
        links.get(effect.to)?.send(effect.message);
        return;
      case 'endSession':
        links.get(effect.to)?.end();
        links.delete(effect.to);
        return;
      case 'saveGeneration':
        await directory.save({ status: 'running', generation: effect.id, members: effect.members });
        return;
      case 'rewind':
        await directory.rewind(effect.step);
        return;
      case 'over':
        await end(effect.end);
        return;
      case 'noted':
        if (effect.note.name === 'decided') doing = effect.note.reason;
        noteTaken(effect.note, { events, metrics, log });
        return;
    }
  }

  async function end({ status, code, reason }: End): Promise<void> {
    const step = Math.max(core.view.finalStep ?? 0, directory.record.step);
    await directory.save({ status, step, ...(status === 'failed' && { reason }) });
    log.info({ status, step, reason }, 'run over');
    settle({ status, code, reason, step });
  }

  /** Confirms to everybody what is on disk: all rows, and this grid. */
  function confirm(gridStep = 0): void {
    const rowsStored = { step: core.view.rowsStep, gridStep };
    for (const link of links.values()) link.send({ rowsStored });
  }

  async function append(rows: readonly LossRow[]): Promise<void> {
    const { rowsStep } = core.view;
    const fresh = rows.filter(({ step }) => step > rowsStep);
    if (fresh.length === 0) return;
    if (fresh.some(({ step }, i) => step !== rowsStep + 1 + i)) {
      throw new GanTrainError('protocol', `rows from ${fresh[0]?.step} do not follow ${rowsStep}`);
    }
    const named = fresh.map((row) => ({ ...row, epoch: context.order.epochOfStep(row.step) }));
    try {
      await storing('rows', async () => directory.appendRows(named));
    } catch (thrown) {
      const { code } = GanTrainError.from(thrown);
      metrics.notStored(code);
      if (code !== 'io' && code !== 'not_writable') fail(thrown);
      changes.emit('change');
      return;
    }
    await take({ kind: 'rowsStored', step: rowsStep + fresh.length });
    for (const row of fresh) {
      metrics.rowStored(row);
      events.emit({ row });
    }
    confirm();
  }

  /** A disk that is full may be tidied up: trainers go on, and send what they keep until it is stored. */
  async function storing(what: Kept, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const error = GanTrainError.from(thrown);
      const before = failing.get(what);
      if (before === undefined) log.error({ err: error, what }, 'not stored: it is tried again');
      failing.set(what, { error, sinceMs: before?.sinceMs ?? performance.now() });
      throw error;
    }
    if (failing.delete(what)) log.info({ what }, 'stored again');
  }

  async function tick(): Promise<void> {
    const patienceMs = core.view.stopRequested ? lastStoringPatienceMs : storingPatienceMs;
    const nowMs = performance.now();
    const given = [...failing.values()].find(({ sinceMs }) => nowMs - sinceMs > patienceMs);
    if (given !== undefined) {
      clearInterval(timer);
      fail(given.error);
      return;
    }
    await take({ kind: 'tick' });
  }

  const timer = setInterval(() => void inTurn(tick), tickMs);

  return {
    context,
    core,
    get doing() {
      return doing;
    },
    outcome,
    get isOver() {
      return isOver;
    },
    link: (incarnation) => links.get(incarnation),
    join: async (incarnation, address, link) =>
      inTurn(async () => {
        // What the core says to an incarnation that opens a second session concerns the first one too.
        links.get(incarnation)?.end();
        links.set(incarnation, link);
        await take({ kind: 'joined', incarnation, address });
      }),
    handle: async (input) => inTurn(async () => take(input)),
    inTurn: async (work) => inTurn(async () => work(take)),
    storeRows: async (rows, generation) =>
      inTurn(async () => {
        if (isCurrent(generation)) await append(rows);
      }),
    storeBroughtRows: async (rows) =>
      inTurn(async () => {
        const { rowsStep, stage } = core.view;
        const [first] = rows.filter(({ step }) => step > rowsStep);
        if (stage.name === 'gathering' && first?.step === rowsStep + 1) await append(rows);
      }),
    async rowsStored(step, generation) {
      const deadline = performance.now() + rowsTimeoutMs;
      while (core.view.rowsStep < step) {
        requireCurrent(generation);
        const why = failing.get('rows');
        if (why !== undefined) throw why.error;
        await nextChange(deadline, `waiting for row ${step}`);
      }
    },
    storing,
    gridStored: confirm,
    async agreed(state, hash, generation) {
      const deadline = performance.now() + agreementTimeoutMs;
      // Outside of a generation one trainer stands for all: the others have nothing to compare with.
      while (isGenerationOpen()) {
        requireCurrent(generation);
        const agreement = core.agreement(state, hash);
        if (agreement === 'agreed') return;
        if (agreement === 'differing') {
          const what = `replicas differ from the state at step ${state.position.step}`;
          throw new GanTrainError('state_mismatch', what);
        }
        await nextChange(deadline, 'comparing the replicas');
      }
      if (core.view.stage.name !== 'saving')
        throw new GanTrainError('fenced', 'the generation ended before its replicas had agreed');
    },
    async scale(trainers) {
      await inTurn(async () => {
        await directory.saveConfig({ ...config, trainers });
        metrics.trainersWanted(trainers);
        events.emit({ wanted: { trainers } });
        await take({ kind: 'scale', trainers });
      });
    },
    close: () => clearInterval(timer),
  };

  /** Members that finish a phase before the generation ends say their hashes too. */
  function isGenerationOpen(): boolean {
    const { stage } = core.view;
    return stage.name === 'running' || (stage.name === 'closing' && !stage.atOnce);
  }

  function requireCurrent(generation: GenerationId): void {
    if (!isCurrent(generation)) throw new GanTrainError('fenced', 'the generation is over');
  }

  async function nextChange(deadline: number, what: string): Promise<void> {
    await withTimeout(once(changes, 'change'), Math.max(1, deadline - performance.now()), what);
  }
}
