import { noGeneration, type GenerationId } from '@gan-train/rpc';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { parse } from 'yaml';
import {
  cleanCheckpoints,
  cutBackLossRows,
  newestCheckpoint,
  writeFileAtomic,
  type FoundCheckpoint,
  type NamedTensor,
} from '@gan-train/checkpoint';
import type { MemberView } from './membership/view.js';
import { storeInitialCheckpoint } from './initial-weights.js';
import { parseDataManifest, type DataManifest } from '@gan-train/data';
import {
  GanTrainError,
  yamlFromConfig,
  type Identity,
  type Logger,
  type RunConfig,
} from '@gan-train/service';

export type RunStatus = 'waiting' | 'running' | 'finished' | 'stopped' | 'failed';

/** run.json: what happened. Replaced atomically, and synced. */
export interface RunRecord {
  format: 1;
  runId: string;
  status: RunStatus;
  /** Why, in words, when the run failed. */
  reason?: string;
  /** Raised before the coordinator serves; trainers refuse lower ones. */
  term: number;
  /** The last generation that was started, and its members. */
  generation: GenerationId;
  members?: readonly MemberView[];
  step: number;
  /** weightsHash of the state that --init gave. */
  initHash?: string;
  /** Frozen when the first trainer joined. */
  identity?: Identity;
  identityHash?: string;
  /** What every trainer's probe shard gradient must hash to, with exact numerics. */
  probeHash?: string;
  createdAt: string;
  versions: Record<string, string>;
}

export interface RunDirectory {
  readonly path: string;
  record: RunRecord;
  /** The newest one. */
  checkpoint: FoundCheckpoint | undefined;
  /** Why newer checkpoints than that one are not what the run goes on from. */
  readonly passedOver: readonly string[];
  save(change: Partial<RunRecord>): Promise<void>;
  saveConfig(config: RunConfig): Promise<void>;
  checkpointStored(checkpoint: FoundCheckpoint): Promise<void>;
  /** Drops rows and grids beyond a step. */
  rewind(step: number): Promise<void>;
  file(...parts: string[]): string;
  close(): Promise<void>;
}

const lockStaleMs = 5_000;

/** Whether a run is kept there. Throws `not_writable` when something else is in the way. */
export async function runExists(path: string): Promise<boolean> {
  try {
    return (await stat(join(path, 'run.json'))).isFile();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR') {
      const what = `${path} lies below a file`;
      throw new GanTrainError('not_writable', what, 'give --out a directory that can be made', error);
    }
    return false;
  }
}

/** What a run was trained on, pinned when it began. */
export async function loadPinnedManifest(path: string): Promise<DataManifest> {
  const file = join(path, 'data-manifest.json');
  return parseDataManifest(await readText(file), file);
}

/** The config that a run was begun with. Throws `run_missing`. */
export async function loadRunConfig(path: string): Promise<Record<string, unknown>> {
  return parse(await readText(join(path, 'config.yaml'))) as Record<string, unknown>;
}

export async function loadRunRecord(path: string): Promise<RunRecord> {
  const file = join(path, 'run.json');
  try {
    return JSON.parse(await readText(file)) as RunRecord;
  } catch (error) {
    if (error instanceof GanTrainError) throw error;
    throw new GanTrainError(
      'run_missing',
      `${file} is not JSON`,
      'begin a new run with another --out',
      error,
    );
  }
}

/** live.json: where a coordinator that runs is found. */
export interface LiveRecord {
  pid: number;
  grpcPort: number;
  httpPort: number;
}

/** Of the coordinator that has the run, or that was killed; undefined when the last one ended by itself. */
export async function loadLive(path: string): Promise<LiveRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(path, 'live.json'), 'utf8')) as LiveRecord;
  } catch {
    return undefined;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const what = `there is no run at ${dirname(file)}: ${file} cannot be read`;
    throw new GanTrainError('run_missing', what, 'give the directory of a run', error);
  }
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
  const release = await lock(path);
  try {
    const before = existing ? await loadRunRecord(path) : undefined;
    const passedOver: string[] = [];
    const rejected = (dir: string, reason: string): void => {
      log.warn({ dir, reason }, 'checkpoint passed over');
      passedOver.push(reason);
    };
    const checkpoints = join(path, 'checkpoints');
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
    let saving: Promise<void> = Promise.resolve();
    const directory: RunDirectory = {
      path,
      record,
      checkpoint,
      passedOver,
      file: (...parts) => join(path, ...parts),
      async save(change) {
        directory.record = { ...directory.record, ...change };
        const { record } = directory;
        // One after the other: the last one that is begun must be the one that stays.
        saving = saving.then(async () => writeJson(join(path, 'run.json'), record));
        await saving;
      },
      saveConfig: async (changed) => writeConfig(path, changed),
      async checkpointStored(stored) {
        directory.checkpoint = stored;
        await directory.save({ step: stored.manifest.step });
      },
      rewind: async (step) => rewind(directory, step),
      async close() {
        await rm(join(path, 'live.json'), { force: true });
        await release();
      },
    };
    await mkdir(directory.file('samples'), { recursive: true });
    await mkdir(directory.file('weights'), { recursive: true });
    await writeConfig(path, config);
    await writeJson(directory.file('data-manifest.json'), manifest);
    // The term is durable before anything is served.
    delete directory.record.reason;
    await directory.save({ status: 'waiting' });
    return directory;
  } catch (error) {
    await release();
    throw error;
  }
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

/** At most one coordinator a directory. A lock that its holder no longer renews is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  const retries = { retries: 8, minTimeout: 250, maxTimeout: 1_000 };
  try {
    return await lockfile.lock(path, {
      lockfilePath: join(path, '.lock'),
      stale: lockStaleMs,
      update: 1_000,
      // Paused for longer than the lock lives: another may have the run by now.
      onCompromised: (error) => {
        throw new GanTrainError(
          'run_locked',
          `the lock on ${path} is lost`,
          'look for another coordinator',
          error,
        );
      },
      retries,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') {
      throw new GanTrainError('not_writable', `cannot lock ${path}`, 'make the directory writable', error);
    }
    const what = `another coordinator has the run at ${path}`;
    throw new GanTrainError('run_locked', what, 'wait for it to end, or give another --out', error);
  }
}

const writeConfig = async (path: string, config: RunConfig): Promise<void> =>
  writeFileAtomic(join(path, 'config.yaml'), Buffer.from(yamlFromConfig(config)));

/** The last step of which there is a grid. */
export async function lastGridStep(directory: RunDirectory): Promise<number> {
  const names = await readdir(directory.file('samples'));
  return Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0));
}

async function rewind(directory: RunDirectory, step: number): Promise<void> {
  await cutBackLossRows(directory.file('gan_loss.csv'), step);
  for (const name of await readdir(directory.file('samples'))) {
    if (Number.parseInt(name, 10) > step) await rm(directory.file('samples', name));
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`));
}
