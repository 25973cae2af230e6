import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLive, runExists } from '@gan-train/coordinator';
import { createCoordinatorClient, openTlsIdentity } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { callCoordinator } from './call-coordinator.js';
import { runsFolder } from './run-name.js';

const loopback = '127.0.0.1';

/**
 * Calls the coordinator of a run that is alive: that of a directory, of an address, or of the newest run; with the certificate of an
 * operator where a directory has one. Throws `run_missing`.
 */
export async function askCoordinator<Request, Reply>(
  { run, tlsDir }: { run: string | undefined; tlsDir: string | undefined },
  method: 'Status' | 'Scale',
  request: Request,
): Promise<Reply> {
  const address = await addressOf(run);
  const tls = tlsDir === undefined ? undefined : await openTlsIdentity(tlsDir, 'operator');
  const client = createCoordinatorClient(address, tls);
  try {
    return await callCoordinator<Request, Reply>(client, method, request);
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code !== 'coordinator_lost') throw error;
    const what = `no coordinator answers at ${address}${tls ? ' with TLS' : ''}`;
    throw new GanTrainError('coordinator_lost', what, 'look whether the run is still alive', error);
  } finally {
    client.close();
    tls?.close();
  }
}

async function addressOf(run: string | undefined): Promise<string> {
  const directory = run ?? (await newestRun());
  if (/^[^/]+:\d+$/.test(directory) && !(await runExists(directory))) return directory;
  if (!(await runExists(directory)))
    throw new GanTrainError(
      'run_missing',
      `there is no run at ${directory}`,
      'give the directory of a run, or HOST:PORT',
    );
  const live = await loadLive(directory);
  if (live === undefined)
    throw new GanTrainError(
      'run_missing',
      `the run at ${directory} is not alive`,
      'see gan-train inspect for what it left',
    );
  return `${loopback}:${live.grpcPort}`;
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
    throw new GanTrainError(
      'run_missing',
      `there is no run below ${runsFolder}/`,
      'give the directory of a run, or HOST:PORT',
    );
  return newest.path;
}
