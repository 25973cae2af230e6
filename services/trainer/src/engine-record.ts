import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an engine of `gan-train engine add` is made of: its engine.json, which is there when it is whole. */
export interface EngineRecord {
  /** Version of the TensorFlow libraries. */
  tensorflow: string;
  /** They can use a GPU, and NVIDIA's libraries are beside them. */
  cuda: boolean;
  /** Version of TensorFlow.js that the addon is of. */
  tfjs: string;
}

export interface UserEngine {
  path: string;
  record: EngineRecord;
}

const recordFile = 'engine.json';

export const engineRecordPath = (engine: string): string => join(engine, recordFile);

/** The folder of an engine in the engines' folder. */
export const engineFolderName = ({ tensorflow, cuda }: Pick<EngineRecord, 'tensorflow' | 'cuda'>): string =>
  `tensorflow-${tensorflow}${cuda ? '-cuda' : ''}`;

/** The record of an engine's folder; undefined when there is no whole engine. */
export function loadEngineRecord(engine: string): EngineRecord | undefined {
  try {
    return JSON.parse(readFileSync(engineRecordPath(engine), 'utf8')) as EngineRecord;
  } catch {
    return undefined;
  }
}

/** What a user added, the preferred first. */
export function loadUserEngines(enginesFolder: string): UserEngine[] {
  return namesIn(enginesFolder)
    .flatMap((name) => {
      const path = join(enginesFolder, name);
      const record = name.startsWith('.') ? undefined : loadEngineRecord(path);
      return record === undefined ? [] : [{ path, record }];
    })
    .sort((a, b) => byPreference(a.record, b.record));
}

/** One with CUDA goes first, since it serves machines without a GPU too; then the newer TensorFlow. */
export function byPreference(a: EngineRecord, b: EngineRecord): number {
  return Number(b.cuda) - Number(a.cuda) || compareVersions(b.tensorflow, a.tensorflow);
}

/** Negative when `a` is older than `b`: versions of three numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  return [0, 1, 2].map((i) => (left[i] ?? 0) - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
