import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterRunFrom, openClusterOf, type ClusterRun } from './cluster-run.js';
import { directoryOf } from './coordinator-of.js';

/** Where the processes of a run write. */
export interface LogSource {
  /** Names of the processes. */
  list(): Promise<string[]>;
  /** The last lines of one. */
  read(process: string, tail: number): Promise<string[]>;
  /** The last lines of one, then what it writes; until it ends or the signal aborts. */
  follow(process: string, tail: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
}

const pollMs = 500;
const suffix = '.log';

/** Throws `run_missing`. */
export async function openLogSource(run: string | undefined): Promise<LogSource> {
  const inCluster = run === undefined ? undefined : clusterRunFrom(run);
  if (inCluster !== undefined) return clusterSource(inCluster);
  return fileSource(join(await directoryOf(run, 'give the directory of a run, or k8s:RELEASE'), 'logs'));
}

function fileSource(folder: string): LogSource {
  const fileOf = (process: string): string => join(folder, `${process}${suffix}`);
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const read = async (process: string, tail: number): Promise<string[]> =>
    linesOf(await readFile(fileOf(process), 'utf8')).slice(-tail);
  return {
    async list() {
      const names = await readdir(folder).catch(() => []);
      return names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
    },
    read,
    async follow(process, tail, onLine, signal) {
      const before = await readFrom(fileOf(process), 0);
      let at = before.length;
      const lines = before.toString('utf8').split('\n');
      let rest = lines.pop() ?? '';
      lines
        .filter((line) => line !== '')
        .slice(-tail)
        .forEach(onLine);
      while (!signal.aborted) {
        await delay(pollMs, undefined, { signal }).catch(() => undefined);
        const bytes = await readFrom(fileOf(process), at);
        at += bytes.length;
        const pieces = `${rest}${bytes.toString('utf8')}`.split('\n');
        rest = pieces.pop() ?? '';
        pieces.filter((line) => line !== '').forEach(onLine);
      }
    },
  };
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function clusterSource(run: ClusterRun): Promise<LogSource> {
  const { kubernetes, cluster } = await openClusterOf(run);
  const { name } = await kubernetes.findRelease(cluster, run.release);
  return {
    async list() {
      const pods = await kubernetes.podNamesOfRelease(cluster, run.release);
      return pods.map((pod) => pod.slice(name.length + 1));
    },
    read: async (process, tail) => kubernetes.readPodLog(cluster, `${name}-${process}`, tail),
    follow: async (process, tail, onLine, signal) =>
      kubernetes.followPodLog(cluster, `${name}-${process}`, tail, onLine, signal),
  };
}
