import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { parseDataManifest, type DataManifest } from '@gan-train/data';
import type { GenerationId } from '@gan-train/rpc';
import { GanTrainError, type Identity } from '@gan-train/service';
import type { MemberView } from './membership/view.js';

export type RunStatus = 'waiting' | 'running' | 'finished' | 'stopped' | 'failed';

/** Whether a run of this status has ended, so that nothing of it changes until somebody goes on with it. */
export const hasEnded = (status: string): boolean => ['finished', 'stopped', 'failed'].includes(status);

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
