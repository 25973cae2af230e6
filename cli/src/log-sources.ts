import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GanTrainError } from '@gan-train/service';
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

/** Of its pods, whether their coordinator is there or not. */
async function clusterSource(run: ClusterRun): Promise<LogSource> {
  const { kubernetes, cluster } = await openClusterOf(run);
  const pods = new Map<string, string>();
  const podOf = (process: string): string => pods.get(process) ?? process;
  const list = async (): Promise<string[]> => {
    const processes = await kubernetes.processesOfRelease(cluster, run.release);
    return processes.map(({ name, pod }) => {
      // There is one coordinator, which has no number elsewhere.
      const process = name === 'coordinator-0' ? 'coordinator' : name;
      pods.set(process, pod);
      return process;
    });
  };
  if ((await list()).length === 0) {
    const what = `release ${run.release} has no pods in namespace ${cluster.namespace}`;
    throw new GanTrainError('run_missing', what, 'see helm list -A and kubectl get pods');
  }
  return {
    list,
    read: async (process, tail) => kubernetes.readPodLog(cluster, podOf(process), tail),
    follow: async (process, tail, onLine, signal) =>
      kubernetes.followPodLog(cluster, podOf(process), tail, onLine, signal),
  };
}
