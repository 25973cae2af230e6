import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLive, runExists } from '@gan-train/coordinator';
import {
  callCoordinator,
  createCoordinatorClient,
  openTlsIdentity,
  type CoordinatorClient,
  type TlsIdentity,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { clusterRunFrom, isClusterRun, openPathTo, type CoordinatorPath } from './cluster-run.js';
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
export const isRemote = (run: string): boolean => isClusterRun(run) || /^[^/]+:\d+$/.test(run);

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
  const own = tlsDir === undefined ? undefined : await openTlsIdentity(tlsDir, 'operator');
  let path: CoordinatorPath | undefined;
  try {
    const inCluster = run === undefined ? undefined : clusterRunFrom(run);
    path = await (inCluster ? openPathTo(inCluster, own) : openLocalPath(run, own));
    return await withClient(path, inCluster ? String(run) : path.address, use);
  } finally {
    path?.close();
    own?.close();
  }
}

async function openLocalPath(
  run: string | undefined,
  tls: TlsIdentity | undefined,
): Promise<CoordinatorPath> {
  return { address: await addressOf(run), tls, failure: () => undefined, close: () => undefined };
}

async function withClient<T>(
  { address, tls, failure }: CoordinatorPath,
  name: string,
  use: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const client = createCoordinatorClient(address, tls);
  try {
    return await use(client);
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code !== 'coordinator_lost') throw error;
    const reason = failure();
    if (reason !== undefined) throw reason;
    const what = `no coordinator answers at ${name}${tls ? ' with TLS' : ''}`;
    throw new GanTrainError('coordinator_lost', what, 'look whether the run is still alive', error);
  } finally {
    client.close();
  }
}

/** The directory of a run that is named by it, or by nothing; undefined for one that is named by where its coordinator is. Throws `run_missing`. */
export async function localDirectoryOf(run: string | undefined): Promise<string | undefined> {
  if (run !== undefined && isRemote(run) && !(await isRun(run))) return undefined;
  return directoryOf(run);
}

async function addressOf(run: string | undefined): Promise<string> {
  const directory = await localDirectoryOf(run);
  if (directory === undefined) return String(run);
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
  if (!(await isRun(directory)))
    throw new GanTrainError('run_missing', `there is no run at ${directory}`, todo);
  return directory;
}

/** Where a file is in the way there is none. */
const isRun = async (directory: string): Promise<boolean> => runExists(directory).catch(() => false);

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
