import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  appendLossRows,
  cleanCheckpoints,
  cutBackLossRows,
  lastLossStep,
  newestCheckpoint,
  removeTemporaries,
  writeFileAtomic,
  type FoundCheckpoint,
  type LossRow,
  type NamedTensor,
} from '@gan-train/checkpoint';
import type { DataManifest } from '@gan-train/data';
import { noGeneration } from '@gan-train/rpc';
import { GanTrainError, yamlFromConfig, type Logger, type RunConfig } from '@gan-train/service';
import { createTurns } from './turns.js';
import { storeInitialCheckpoint } from './initial-weights.js';
import { loadRunRecord, runExists, type LiveRecord, type RunRecord } from './run-files.js';
import { lockRun } from './run-lock.js';

/**
 * A run's files, of which one coordinator has the lock. Once another one has taken that over (this process was paused) whatever would
 * change a file rejects with `run_locked`, and changes none.
 */
export interface RunDirectory {
  readonly path: string;
  record: RunRecord;
  /** The newest one. */
  checkpoint: FoundCheckpoint | undefined;
  /** Why newer checkpoints than that one are not what the run goes on from. */
  readonly passedOver: readonly string[];
  file(...parts: string[]): string;
  /** Rejects once another coordinator has the directory. */
  requireOwn(): Promise<void>;
  /** Replaces a file in one move. */
  write(path: string, content: Uint8Array | string): Promise<void>;
  save(change: Partial<RunRecord>): Promise<void>;
  saveConfig(config: RunConfig): Promise<void>;
  saveLive(live: LiveRecord): Promise<void>;
  checkpointStored(checkpoint: FoundCheckpoint): Promise<void>;
  lastRowStep(): Promise<number>;
  appendRows(rows: readonly LossRow[]): Promise<void>;
  /** Drops rows and grids beyond a step. */
  rewind(step: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes a run's directory, or opens an existing one to go on from its newest checkpoint that verifies; takes its lock and
 * raises its term. `initial` are the weights that a new run begins with instead of its seed's.
 */
export async function openRunDirectory(
  path: string,
  fresh: Pick<RunRecord, 'runId' | 'versions'>,
  config: RunConfig,
  manifest: DataManifest,
  log: Logger,
  initial?: readonly NamedTensor[],
): Promise<RunDirectory> {
  const existing = await runExists(path);
  await makeDirectory(path);
  const release = await lockRun(path);
  try {
    const before = existing ? await loadRunRecord(path) : undefined;
    const passedOver: string[] = [];
    const rejected = (dir: string, reason: string): void => {
      log.warn({ dir, reason }, 'checkpoint passed over');
      passedOver.push(reason);
    };
    const file = (...parts: string[]): string => join(path, ...parts);
    const losses = file('gan_loss.csv');
    const checkpoints = file('checkpoints');
    const pictures = file('samples');
    const weights = file('weights');
    for (const dir of [pictures, weights]) await mkdir(dir, { recursive: true });
    // What one that was killed or paused was about to write must not appear any more.
    for (const dir of [path, pictures, weights]) await removeTemporaries(dir);
    await cleanCheckpoints(checkpoints);
    if (initial !== undefined) await storeInitialCheckpoint(checkpoints, fresh.runId, config, initial);
    const checkpoint = await newestCheckpoint(checkpoints, { onRejected: rejected });
    await refuseUnreadable(path, before, checkpoint);
    const record: RunRecord = {
      format: 1,
      createdAt: new Date().toISOString(),
      status: 'waiting',
      generation: noGeneration,
      ...fresh,
      ...before,
      step: checkpoint?.manifest.step ?? 0,
      term: (before?.term ?? 0) + 1,
      ...(initial && checkpoint && { initHash: checkpoint.manifest.weightsHash }),
    };
    // The last one that is begun must be the one that stays.
    const saveInTurn = createTurns();
    const requireOwn = async (): Promise<void> => requireTerm(path, record.term);
    const directory: RunDirectory = {
      path,
      record,
      checkpoint,
      passedOver,
      file,
      requireOwn,
      write: async (to, content) => writeFileAtomic(to, content, requireOwn),
      async save(change) {
        directory.record = { ...directory.record, ...change };
        const { record } = directory;
        await saveInTurn(async () => directory.write(file('run.json'), textFromJson(record)));
      },
      saveConfig: async (changed) => directory.write(file('config.yaml'), yamlFromConfig(changed)),
      saveLive: async (live) => directory.write(file('live.json'), textFromJson(live)),
      async checkpointStored(stored) {
        directory.checkpoint = stored;
        await directory.save({ step: stored.manifest.step });
      },
      lastRowStep: async () => lastLossStep(losses),
      async appendRows(rows) {
        await requireOwn();
        await appendLossRows(losses, rows);
      },
      async rewind(step) {
        await requireOwn();
        await cutBackLossRows(losses, step);
        for (const name of await readdir(pictures)) {
          if (Number.parseInt(name, 10) > step) await rm(join(pictures, name));
        }
      },
      async close() {
        await rm(file('live.json'), { force: true });
        await release();
      },
    };
    await directory.saveConfig(config);
    await directory.write(file('data-manifest.json'), textFromJson(manifest));
    // The term is durable before anything is served, and last: with it there is a run.
    delete directory.record.reason;
    await directory.save({ status: 'waiting' });
    return directory;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Every coordinator that opens a directory raises its term. */
async function requireTerm(path: string, own: number): Promise<void> {
  const term = (await runExists(path)) ? (await loadRunRecord(path)).term : 0;
  if (term <= own) return;
  const what = `the coordinator of term ${term} has the run at ${path} now`;
  throw new GanTrainError('run_locked', what, 'this one was paused for too long: end it');
}

/** A run that had come further than its start must not silently begin again. */
async function refuseUnreadable(
  path: string,
  before: RunRecord | undefined,
  checkpoint: FoundCheckpoint | undefined,
): Promise<void> {
  if (checkpoint !== undefined || before === undefined) return;
  const stored = await readdir(join(path, 'checkpoints')).catch(() => []);
  if (stored.length === 0) return;
  const what = `none of the ${stored.length} checkpoints of ${path} is whole`;
  const todo = 'restore one from a copy, or begin a new run with another --out';
  throw new GanTrainError('bad_checkpoint', what, todo);
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    const what = `cannot make the run directory ${path}`;
    throw new GanTrainError('not_writable', what, 'give --out a directory that can be made', error);
  }
}

const textFromJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
