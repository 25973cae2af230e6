import { randomUUID } from 'node:crypto';
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
  streamHandler,
  tlsOfService,
  unaryHandler,
  type CoordinatorHandlers,
  type ScaleRequest,
  type WatchRequest,
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
import { getCheckpoint, positionFrom, putCheckpointHandler } from './checkpoints.js';
import { continuedConfig } from './continued-config.js';
import { createEventHub } from './events.js';
import { loadInitialWeights } from './initial-weights.js';
import { createFileJobs } from './file-jobs.js';
import { putGridHandler } from './grids.js';
import { fetchItems, requireRun, watch } from './handlers.js';
import { scale, status } from './status.js';
import { createCoordinatorMetrics } from './metrics.js';
import { openRunDirectory } from './run-directory.js';
import { loadLive, loadPinnedManifest, runExists } from './run-files.js';
import { createRun, farewellMs, type RunContext, type RunOutcome } from './run.js';
import { sessionHandler } from './session.js';

export interface CoordinatorOptions {
  /** What was asked for, not yet checked; a run's own config is its base when it goes on. */
  asked: Record<string, unknown>;
  /** The run directory. */
  out: string;
  host: string;
  /** Where ca.crt, tls.crt and tls.key are: without them connections are not encrypted, and anybody may call. */
  tlsDir?: string | undefined;
}

const readingReportMs = 3_000;

const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version;

/** Serves one run from its beginning or its newest checkpoint to its end. */
export async function coordinatorMain(options: CoordinatorOptions, signal: AbortSignal): Promise<RunOutcome> {
  const log = createLogger({ service: 'coordinator' });
  const tls = await tlsOfService(options.tlsDir, 'coordinator', log);
  const out = resolve(options.out);
  const existing = await runExists(out);
  const config = existing ? await continuedConfig(out, options.asked) : resolveConfig(options.asked);
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
  try {
    const steps = stepsFromConfig(config, data.count);
    const context: RunContext = {
      config,
      steps,
      directory,
      data,
      order: orderFromConfig(config, data.count),
      events: createEventHub(),
      metrics: createCoordinatorMetrics(config.trainers, version, tls),
      log,
    };
    const start = directory.checkpoint?.manifest;
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
    const handlers: CoordinatorHandlers = {
      Session: sessionHandler(run),
      FetchItems: streamHandler((request: Parameters<typeof fetchItems>[1]) =>
        fetchItems(run, request),
      ) as never,
      GetCheckpoint: streamHandler((request: { runId: string }) => getCheckpoint(run, request)),
      PutCheckpoint: putCheckpointHandler(run, jobs),
      PutGrid: putGridHandler(run, jobs),
      Watch: streamHandler((request: WatchRequest, gone) => watch(run, request, gone)),
      Drain: unaryHandler(async ({ runId, reason }: { runId: string; reason: string }) => {
        requireRun(run, runId);
        stop(reason);
        return Promise.resolve({});
      }),
      Scale: unaryHandler(async (request: ScaleRequest) => scale(run, request)),
      Status: unaryHandler(async (request: { runId: string }) => Promise.resolve(status(run, request))),
    };
    server.addService(coordinatorService, handlers);
    const grpcPort = await listen(server, options.host, ports.grpcPort);
    const http = await startHttpServer(options.host, ports.httpPort, {
      metrics: async () => ({
        contentType: context.metrics.registry.contentType,
        text: await context.metrics.registry.metrics(),
      }),
      unhealthy: () => undefined,
      unready: () => undefined,
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
    const stopped = (): void => stop(GanTrainError.from(signal.reason).what);
    if (signal.aborted) stopped();
    signal.addEventListener('abort', stopped, { once: true });
    const outcome = await run.outcome;
    run.close();
    const weightsHash = directory.checkpoint?.manifest.weightsHash ?? '';
    context.events.emit(
      outcome.status === 'failed'
        ? { failed: { code: outcome.code, message: outcome.reason } }
        : { finished: { step: outcome.step, status: outcome.status, weightsHash } },
    );
    await shutdown(server, farewellMs);
    await http.close();
    return outcome;
  } finally {
    await shutdown(server, 0);
    await jobs.close();
    tls?.close();
    data.close();
    await directory.close();
  }
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
