import { EventEmitter, once } from 'node:events';
import { shardsOfRank } from '@gan-train/collective';
import { appendLossRows } from '@gan-train/checkpoint';
import type { DataSet, Order } from '@gan-train/data';
import type { LossRow, SessionDown } from '@gan-train/rpc';
import {
  GanTrainError,
  hashFromIdentity,
  identityDifferences,
  identityFromConfig,
  withTimeout,
  type ErrorCode,
  type Logger,
  type RunConfig,
} from '@gan-train/service';
import { decideRun, type Decision, type RunOptions, type RunView, type TrainerView } from './decide-run.js';
import type { EventHub } from './events.js';
import type { CoordinatorMetrics } from './metrics.js';
import type { RunDirectory, RunStatus } from './run-directory.js';

const tickMs = 100;
const silenceMs = 5_000;
const closeMs = 10_000;
const saveMs = 120_000;
/** Rows are sent before the checkpoint that needs them, on another connection. */
const rowsTimeoutMs = 30_000;
/** Trainers that are told of the end get this long to close their sessions. */
export const farewellMs = 3_000;

export interface Engine {
  name: string;
  identity: string;
}

/** One trainer as the coordinator keeps it: what decisions see, and the way to it. */
export interface TrainerEntry extends TrainerView {
  send(message: SessionDown): void;
}

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
  status: Extract<RunStatus, 'finished' | 'stopped' | 'failed'>;
  code: ErrorCode | 'none';
  reason: string;
  step: number;
}

/** The run as a whole: its trainers, its stage, and the effects of what `decideRun` decides. */
export interface Run {
  readonly context: RunContext;
  readonly generation: { term: number; n: number };
  readonly outcome: Promise<RunOutcome>;
  addTrainer(entry: TrainerEntry): void;
  /** The engine for a trainer that has these; throws `refused`. Freezes the run's identity the first time. */
  admitEngine(engines: readonly Engine[]): Promise<{ engine: string; identityHash: string }>;
  admitProbe(probeHash: string): Promise<void>;
  lose(entry: TrainerEntry, reason: string, kind: 'session' | 'silence' | 'failed'): void;
  storeRows(rows: readonly LossRow[]): Promise<void>;
  /** Resolves when the rows of all steps up to this one are stored; rejects with `timeout`. */
  rowsStored(step: number): Promise<void>;
  finalStored(step: number): void;
  requestStop(reason: string): void;
  /** Looks again at what there is to do, now. */
  wake(): void;
  close(): void;
}

export function createRun(context: RunContext): Run {
  const { config, directory, events, metrics, log } = context;
  const trainers: TrainerEntry[] = [];
  const view: RunView & { trainers: TrainerEntry[] } = {
    stage: { name: 'gathering', sinceMs: performance.now() },
    trainers,
    stopRequested: false,
    finalStep: directory.record.step >= context.steps ? directory.record.step : undefined,
    rowsStep: directory.record.step,
  };
  const options: RunOptions = {
    trainers: config.trainers,
    joinMs: 1000 * config.joinSeconds,
    silenceMs,
    closeMs,
    saveMs,
    exact: config.numerics === 'exact',
  };
  let generation = { term: directory.record.term, n: 0 };
  const rowsChanged = new EventEmitter();
  let lastReason = '';
  let lastTickMs = performance.now();
  let settle: (outcome: RunOutcome) => void = () => undefined;
  const outcome = new Promise<RunOutcome>((resolve) => (settle = resolve));
  // One at a time and in order: what a decision changes is there before the next is taken.
  let working: Promise<void> = Promise.resolve();

  async function tick(): Promise<void> {
    const nowMs = performance.now();
    // After a pause of its own (a stopped process, a sleeping machine) the coordinator can't blame others for silence.
    const gapMs = nowMs - lastTickMs;
    if (gapMs > 1_000 + tickMs) for (const trainer of trainers) trainer.heardAtMs = nowMs;
    lastTickMs = nowMs;
    metrics.trainersPresent(trainers.filter((t) => t.status !== 'gone' && t.status !== 'joined').length);
    const decision = decideRun(nowMs, view, options);
    if (decision.reason !== lastReason)
      log.info({ action: decision.action, reason: decision.reason }, 'decision');
    lastReason = decision.reason;
    await apply(decision, nowMs);
  }

  async function apply(decision: Decision, nowMs: number): Promise<void> {
    switch (decision.action) {
      case 'wait':
        return;
      case 'start':
        await startGeneration(decision.members, decision.reason);
        return;
      case 'evict': {
        const entry = trainers.find((t) => t.incarnation === decision.incarnation);
        if (entry !== undefined) lose(entry, decision.reason, 'silence');
        return;
      }
      case 'close':
        view.stage = { name: 'closing', sinceMs: nowMs, reason: decision.reason };
        events.emit({ note: { message: decision.reason } });
        for (const trainer of trainers)
          if (trainer.status === 'member') trainer.send({ prepare: { generation } });
        return;
      case 'save':
        view.stage = { name: 'saving', sinceMs: nowMs, reason: decision.reason, by: decision.by };
        trainers.find((t) => t.incarnation === decision.by)?.send({ saveState: { generation } });
        return;
      case 'end':
        view.stage = { name: 'over' };
        await end(decision);
        return;
    }
  }

  async function startGeneration(incarnations: readonly string[], reason: string): Promise<void> {
    const members = incarnations.map((incarnation, rank) => {
      const entry = trainers.find((t) => t.incarnation === incarnation) as TrainerEntry;
      const { first, count } = shardsOfRank(config.shards, incarnations.length, rank);
      return { entry, member: { incarnation, address: entry.address, firstShard: first, shardCount: count } };
    });
    generation = { term: generation.term, n: generation.n + 1 };
    // Durable before anybody may commit in it.
    await directory.save({ status: 'running', generation });
    view.stage = { name: 'running' };
    const start = { generation, members: members.map(({ member }) => member), steps: context.steps };
    for (const { entry } of members) {
      entry.status = 'member';
      entry.send({ start });
      if (view.stopRequested) entry.send({ stop: {} });
    }
    metrics.generationStarted(generation);
    events.emit({ generation: { generation, members: start.members, reason } });
    log.info({ ...generation, members: start.members.length, reason }, 'generation started');
  }

  async function end({ status, code, reason }: Extract<Decision, { action: 'end' }>): Promise<void> {
    const step = Math.max(view.finalStep ?? 0, directory.record.step);
    await directory.save({ status, step, ...(status === 'failed' && { reason }) });
    for (const trainer of trainers) if (trainer.status !== 'gone') trainer.send({ done: { reason } });
    log.info({ status, step, reason }, 'run over');
    settle({ status, code, reason, step });
  }

  function lose(entry: TrainerEntry, reason: string, kind: 'session' | 'silence' | 'failed'): void {
    if (entry.status === 'gone' || view.stage.name === 'over') return;
    const mattered = entry.status === 'member' || entry.status === 'prepared' || entry.status === 'drained';
    entry.status = 'gone';
    // A trainer that was never a member leaves without a trace.
    entry.reason = mattered ? reason : undefined;
    if (!mattered) trainers.splice(trainers.indexOf(entry), 1);
    metrics.trainerLost(kind);
    log.warn({ trainer: entry.incarnation, address: entry.address, reason, kind }, 'trainer lost');
    wake();
  }

  function wake(): void {
    working = working.then(tick).catch((error: unknown) => {
      const { message, code } = GanTrainError.from(error);
      log.error({ err: error }, 'run failed');
      settle({ status: 'failed', code, reason: message, step: directory.record.step });
    });
  }

  const timer = setInterval(wake, tickMs);

  return {
    context,
    get generation() {
      return generation;
    },
    outcome,
    addTrainer(entry) {
      trainers.push(entry);
      wake();
    },
    admitEngine: async (engines) => admitEngine(context, engines),
    async admitProbe(probeHash) {
      const known = directory.record.probeHash;
      if (known === undefined) await directory.save({ probeHash });
      else if (known !== probeHash && config.numerics === 'exact') {
        throw new GanTrainError(
          'refused',
          'this trainer computes other bits than the run began with (another CPU kind, engine or library version)',
          'use machines of one kind, or begin a run with --numerics agree',
        );
      }
    },
    lose,
    async storeRows(rows) {
      // Members all send the same rows: each step's is stored once, and in order.
      const store = working.then(async () => {
        const fresh = rows.filter(({ step }) => step > view.rowsStep);
        if (fresh.length === 0) return;
        if (fresh.some(({ step }, i) => step !== view.rowsStep + 1 + i)) {
          throw new GanTrainError('protocol', `rows from ${fresh[0]?.step} do not follow ${view.rowsStep}`);
        }
        const named = fresh.map((row) => ({ ...row, epoch: context.order.epochOfStep(row.step) }));
        await appendLossRows(directory.file('gan_loss.csv'), named);
        view.rowsStep += fresh.length;
        rowsChanged.emit('change');
        for (const row of fresh) {
          metrics.rowStored(row);
          events.emit({ row });
        }
      });
      working = store.catch(() => undefined);
      await store;
      const rowsStored = { step: view.rowsStep };
      for (const trainer of trainers) if (trainer.status !== 'gone') trainer.send({ rowsStored });
    },
    async rowsStored(step) {
      while (view.rowsStep < step)
        await withTimeout(once(rowsChanged, 'change'), rowsTimeoutMs, `waiting for row ${step}`);
    },
    finalStored(step) {
      view.finalStep = step;
      wake();
    },
    requestStop(reason) {
      if (view.stopRequested) return;
      view.stopRequested = true;
      log.info({ reason }, 'stop requested');
      for (const trainer of trainers) if (trainer.status === 'member') trainer.send({ stop: {} });
      wake();
    },
    wake,
    close: () => clearInterval(timer),
  };
}

async function admitEngine(
  { config, directory, data, log }: RunContext,
  engines: readonly Engine[],
): Promise<{ engine: string; identityHash: string }> {
  const frozen = directory.record.identity;
  const name = frozen === undefined ? config.engine : String(frozen.engine);
  const engine = name === 'auto' ? engines[0] : engines.find((candidate) => candidate.name === name);
  if (engine === undefined) {
    const have = engines.map((candidate) => candidate.name).join(', ');
    throw new GanTrainError('refused', `engine ${name} does not load in this trainer, which has ${have}`);
  }
  const content = { data: data.manifest.hash, init: directory.record.initHash };
  const identity = identityFromConfig(config, content, engine);
  const identityHash = hashFromIdentity(identity);
  if (frozen === undefined) {
    await directory.save({ identity, identityHash });
    log.info({ engine: engine.name, engineIdentity: engine.identity, identityHash }, 'identity frozen');
  } else if (directory.record.identityHash !== identityHash) {
    const differences = identityDifferences(frozen, identity).join('; ');
    throw new GanTrainError('refused', `this trainer would compute another run: ${differences}`);
  }
  return { engine: engine.name, identityHash };
}
