import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { openDataSet, orderFromConfig } from '@gan-train/data';
import {
  coordinatorService,
  createRpcServer,
  initialTriple,
  listen,
  refusalLog,
  shutdown,
  tlsOfService,
} from '@gan-train/rpc';
import {
  createLogger,
  GanTrainError,
  isFreePort,
  requireFreePort,
  resolveConfig,
  startHttpServer,
  tellParent,
  type RunConfig,
} from '@gan-train/service';
import { positionFrom } from './checkpoints.js';
import { continuedConfig } from './continued-config.js';
import { createEventHub } from './events.js';
import { loadInitialWeights } from './initial-weights.js';
import { createFileJobs } from './file-jobs.js';
import type { KubernetesOptions, KubernetesSide } from './kubernetes/index.js';
import { createCoordinatorMetrics } from './metrics.js';
import { openRunDirectory } from './run-directory.js';
import { loadLive, loadPinnedManifest, loadRunConfig, runExists } from './run-files.js';
import { createRun, farewellMs, type Run, type RunContext, type RunOutcome } from './run.js';
import { createHandlers } from './service.js';
import { isForGood, outcomeOrLeave, stay } from './stay.js';

export interface CoordinatorOptions {
  /** What was asked for, not yet checked; a run's own config is its base when it goes on. */
  asked: Record<string, unknown>;
  /** The run directory. */
  out: string;
  host: string;
  /** Where ca.crt, tls.crt and tls.key are: without them connections are not encrypted, and anybody may call. */
  tlsDir?: string | undefined;
  /** Something starts this process again whenever it ends: it stays when the run is over, and when it is told to go the run goes on. */
  stay: boolean;
  /** The cluster that the trainers are pods of. */
  kubernetes?: KubernetesOptions | undefined;
}

const readingReportMs = 3_000;

const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version;

/**
 * Serves one run from its beginning or its newest checkpoint to its end, and says how it ended; nothing when this process was told to go, and
 * the run goes on.
 */
export async function coordinatorMain(
  options: CoordinatorOptions,
  signal: AbortSignal,
): Promise<RunOutcome | undefined> {
  const log = createLogger({ service: 'coordinator' });
  const tls = await tlsOfService(options.tlsDir, 'coordinator', log);
  const out = resolve(options.out);
  const existing = await runExists(out);
  const asked = await askedOf(options, out, existing);
  const config = existing ? await continuedConfig(out, asked) : resolveConfig(asked);
  const manifest = existing ? await loadPinnedManifest(out) : undefined;
  const data = await openDataSet(
    config.data,
    { size: config.size, channels: config.channels },
    { ...(manifest && { pinned: manifest }), signal, onProgress: createReadingReport() },
  );
  for (const { name, reason } of data.manifest.skipped) log.warn({ name, reason }, 'image skipped');
  const ports = await portsOf(out, options.host, config);
  const fresh = { runId: randomUUID(), versions: { ganTrain: version, node: process.version } };
  const initial =
    existing || config.init === undefined ? undefined : await loadInitialWeights(config.init, config);
  const directory = await openRunDirectory(out, fresh, config, data.manifest, log, initial);
  const jobs = createFileJobs();
  const server = createRpcServer({ tls, onRefused: refusalLog(log) });
  let side: KubernetesSide | undefined;
  try {
    const steps = stepsFromConfig(config, data.count);
    const context: RunContext = {
      config,
      steps,
      directory,
      data,
      order: orderFromConfig(config, data.count),
      events: createEventHub(),
      metrics: createCoordinatorMetrics({ ...config, steps }, version, tls),
      log,
    };
    const { checkpoint } = directory;
    context.metrics.runOpened({
      term: directory.record.term,
      checkpointMs: checkpoint && (await stat(checkpoint.dir)).mtimeMs,
    });
    const start = checkpoint?.manifest;
    const run = createRun(context, {
      stored:
        start === undefined ? initialTriple : { generation: start.generation, position: positionFrom(start) },
      isStoredInitial: start === undefined,
      rowsStep: await directory.lastRowStep(),
    });
    const stop = (reason: string): void => {
      log.info({ reason }, 'stop requested');
      void run.handle({ kind: 'stop' });
    };
    side =
      options.kubernetes && (await import('./kubernetes/index.js')).joinKubernetes(run, options.kubernetes);
    const handlers = createHandlers(run, jobs, { stop, scale: async (n) => (side ?? run).scale(n) });
    server.addService(coordinatorService, handlers);
    const grpcPort = await listen(server, options.host, ports.grpcPort);
    const http = await startHttpServer(options.host, ports.httpPort, {
      metrics: async () => ({
        contentType: context.metrics.registry.contentType,
        text: await context.metrics.registry.metrics(),
      }),
      unhealthy: () => undefined,
      unready: () =>
        run.isOver && directory.record.status === 'failed' ? directory.record.reason : undefined,
    });
    await directory.saveLive({ pid: process.pid, grpcPort, httpPort: http.port });
    log.info(
      { grpcPort, httpPort: http.port, runId: directory.record.runId, term: directory.record.term },
      'listening',
    );
    tellParent({
      event: 'listening',
      grpcPort,
      httpPort: http.port,
      directory: out,
      runId: directory.record.runId,
    });
    const outcome = await (options.stay ? outcomeOrLeave(run, signal) : outcomeOrStop(run, stop, signal));
    run.close();
    if (outcome !== undefined) {
      tellEnd(context, outcome);
      if (options.stay && isForGood(outcome)) await stay(run, side, signal);
    }
    await shutdown(server, outcome === undefined ? 0 : farewellMs);
    await http.close();
    return outcome;
  } finally {
    await shutdown(server, 0);
    await jobs.close();
    tls?.close();
    data.close();
    await directory.close();
    // Last: another coordinator may begin while the cluster's API lets this one wait.
    await side?.close();
  }
}

/**
 * In a cluster the StatefulSet says how many trainers are wanted. Until it is heard, and should it never be, they are as many as the run had, and
 * those that a new one can't do without.
 */
async function askedOf(
  { asked, kubernetes }: CoordinatorOptions,
  out: string,
  existing: boolean,
): Promise<Record<string, unknown>> {
  if (kubernetes === undefined) return asked;
  const had = existing ? Number((await loadRunConfig(out)).trainers) : 1;
  return { trainers: Math.max(had, Number(asked.minTrainers) || 1), ...asked };
}

/** A run that stops with its coordinator. */
async function outcomeOrStop(
  run: Run,
  stop: (reason: string) => void,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const stopped = (): void => stop(GanTrainError.from(signal.reason).what);
  if (signal.aborted) stopped();
  signal.addEventListener('abort', stopped, { once: true });
  return run.outcome;
}

function tellEnd({ directory, events, metrics }: RunContext, outcome: RunOutcome): void {
  const weightsHash = directory.checkpoint?.manifest.weightsHash ?? '';
  metrics.runStatus(outcome.status);
  events.emit(
    outcome.status === 'failed'
      ? { failed: { code: outcome.code, message: outcome.reason } }
      : { finished: { step: outcome.step, status: outcome.status, weightsHash } },
  );
}

/** The ports that were asked for; where any will do, those of a coordinator that was killed here: trainers look for it there. */
async function portsOf(
  out: string,
  host: string,
  config: RunConfig,
): Promise<Pick<RunConfig, 'grpcPort' | 'httpPort'>> {
  const before = await loadLive(out);
  const choose = async (asked: number, last: number | undefined, what: string): Promise<number> => {
    if (asked === 0 && last !== undefined && (await isFreePort(host, last))) return last;
    await requireFreePort(host, asked, what);
    return asked;
  };
  return {
    grpcPort: await choose(config.grpcPort, before?.grpcPort, 'gRPC'),
    httpPort: await choose(config.httpPort, before?.httpPort, 'HTTP'),
  };
}

/** Reading a large folder for the first time takes minutes: whoever started this process is told how far it is. */
function createReadingReport(): (progress: { done: number; total: number }) => void {
  let toldAtMs = performance.now();
  return ({ done, total }) => {
    if (performance.now() - toldAtMs < readingReportMs) return;
    toldAtMs = performance.now();
    tellParent({ event: 'reading', done, total });
  };
}

const stepsFromConfig = (config: RunConfig, items: number): number =>
  config.epochs === undefined ? config.steps : Math.max(1, Math.ceil((config.epochs * items) / config.batch));
