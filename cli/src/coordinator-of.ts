import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLive, runExists } from '@gan-train/coordinator';
import {
  callCoordinator,
  createCoordinatorClient,
  openTlsIdentity,
  type CoordinatorClient,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { clusterRunFrom, openPathTo } from './cluster-run.js';
import { runsFolder } from './run-name.js';

const loopback = '127.0.0.1';
const namings = 'give the directory of a run, HOST:PORT, or k8s:RELEASE';

export interface RunPlace {
  /** A directory, HOST:PORT, or k8s:[NAMESPACE/]RELEASE; the newest run here when left out. */
  run: string | undefined;
  /** Of an operator's certificate; in a cluster the release's own is used when left out. */
  tlsDir: string | undefined;
}

/** Whether a run is named by where its coordinator is, and not by its directory. */
export const isRemote = (run: string): boolean => run.startsWith('k8s:') || /^[^/]+:\d+$/.test(run);

/** One call to the coordinator of a run that is alive. Throws `run_missing`. */
export async function askCoordinator<Request, Reply>(
  place: RunPlace,
  method: 'Status' | 'Scale',
  request: Request,
): Promise<Reply> {
  return withCoordinator(place, async (client) => callCoordinator<Request, Reply>(client, method, request));
}

/** Does something with the coordinator of a run that is alive. Throws `run_missing`. */
export async function withCoordinator<T>(
  { run, tlsDir }: RunPlace,
  use: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const inCluster = run === undefined ? undefined : clusterRunFrom(run);
  const path = inCluster && (await openPathTo(inCluster));
  try {
    const address = path?.address ?? (await addressOf(run));
    return await withClient(address, tlsDir ?? path?.tlsDir, path ? String(run) : address, use);
  } finally {
    await path?.close();
  }
}

async function withClient<T>(
  address: string,
  tlsDir: string | undefined,
  name: string,
  use: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const tls = tlsDir === undefined ? undefined : await openTlsIdentity(tlsDir, 'operator');
  const client = createCoordinatorClient(address, tls);
  try {
    return await use(client);
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code !== 'coordinator_lost') throw error;
    const what = `no coordinator answers at ${name}${tls ? ' with TLS' : ''}`;
    throw new GanTrainError('coordinator_lost', what, 'look whether the run is still alive', error);
  } finally {
    client.close();
    tls?.close();
  }
}

async function addressOf(run: string | undefined): Promise<string> {
  if (run !== undefined && isRemote(run) && !(await runExists(run))) return run;
  const directory = await directoryOf(run);
  const live = await loadLive(directory);
  if (live === undefined)
    throw new GanTrainError(
      'run_missing',
      `the run at ${directory} is not alive`,
      'see gan-train inspect for what it left',
    );
  return `${loopback}:${live.grpcPort}`;
}

/** Of a run on this machine: the one named, else the newest. Throws `run_missing`. */
export async function directoryOf(run: string | undefined, todo = namings): Promise<string> {
  const directory = run ?? (await newestRun());
  if (!(await runExists(directory)))
    throw new GanTrainError('run_missing', `there is no run at ${directory}`, todo);
  return directory;
}

async function newestRun(): Promise<string> {
  const names = await readdir(runsFolder).catch(() => []);
  const runs = await Promise.all(
    names.map(async (name) => ({
      path: join(runsFolder, name),
      ms: (await stat(join(runsFolder, name))).mtimeMs,
    })),
  );
  const newest = runs.sort((a, b) => b.ms - a.ms)[0];
  if (newest === undefined)
    throw new GanTrainError('run_missing', `there is no run below ${runsFolder}/`, namings);
  return newest.path;
}
