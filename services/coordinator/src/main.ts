import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { openDataSet, orderFromConfig } from '@gan-train/data';
import {
  coordinatorService,
  createRpcServer,
  listen,
  shutdown,
  streamHandler,
  unaryHandler,
  type CoordinatorHandlers,
} from '@gan-train/rpc';
import {
  createLogger,
  GanTrainError,
  requireFreePort,
  resolveConfig,
  startHttpServer,
  tellParent,
  type RunConfig,
} from '@gan-train/service';
import { getCheckpoint, positionFrom, putCheckpointHandler, putGridHandler } from './checkpoints.js';
import { continuedConfig } from './continued-config.js';
import { createEventHub } from './events.js';
import { loadInitialWeights } from './initial-weights.js';
import { createFileJobs } from './file-jobs.js';
import { fetchItems, requireRun, watch } from './handlers.js';
import { createCoordinatorMetrics } from './metrics.js';
import { loadPinnedManifest, openRunDirectory, runExists, writeJson } from './run-directory.js';
import { createRun, farewellMs, type RunContext, type RunOutcome } from './run.js';
import { sessionHandler } from './session.js';

export interface CoordinatorOptions {
  /** What was asked for, not yet checked; a run's own config is its base when it goes on. */
  asked: Record<string, unknown>;
  /** The run directory. */
  out: string;
  host: string;
}

const readingReportMs = 3_000;

const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version;

/** Serves one run from its beginning or its newest checkpoint to its end. */
export async function coordinatorMain(options: CoordinatorOptions, signal: AbortSignal): Promise<RunOutcome> {
  const log = createLogger({ service: 'coordinator' });
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
  await requireFreePort(options.host, config.grpcPort, 'gRPC');
  await requireFreePort(options.host, config.httpPort, 'HTTP');
  const fresh = { runId: randomUUID(), versions: { ganTrain: version, node: process.version } };
  const initial =
    existing || config.init === undefined ? undefined : await loadInitialWeights(config.init, config);
  const directory = await openRunDirectory(out, fresh, config, data.manifest, log, initial);
  const jobs = createFileJobs();
  const server = createRpcServer();
  try {
    const steps = stepsFromConfig(config, data.count);
    const context: RunContext = {
      config,
      steps,
      directory,
      data,
      order: orderFromConfig(config, data.count),
      events: createEventHub(),
      metrics: createCoordinatorMetrics(config.trainers, version),
      log,
    };
    const run = createRun(context);
    const start = directory.checkpoint?.manifest;
    const initialState = {
      generation: start?.generation ?? { term: 0, n: 0 },
      position: start === undefined ? { step: 0, phase: 1 } : positionFrom(start),
    };
    const handlers: CoordinatorHandlers = {
      Session: sessionHandler(run, initialState),
      FetchItems: streamHandler((request: Parameters<typeof fetchItems>[1]) =>
        fetchItems(run, request),
      ) as never,
      GetCheckpoint: streamHandler((request: { runId: string }) => getCheckpoint(run, request)),
      PutCheckpoint: putCheckpointHandler(run, jobs),
      PutGrid: putGridHandler(run, jobs),
      Watch: streamHandler((request: { runId: string }, gone) => watch(run, request, gone)),
      Drain: unaryHandler(async ({ runId, reason }: { runId: string; reason: string }) => {
        requireRun(run, runId);
        run.requestStop(reason);
        return Promise.resolve({});
      }),
    };
    server.addService(coordinatorService, handlers);
    const grpcPort = await listen(server, options.host, config.grpcPort);
    const http = await startHttpServer(options.host, config.httpPort, {
      metrics: async () => ({
        contentType: context.metrics.registry.contentType,
        text: await context.metrics.registry.metrics(),
      }),
      unhealthy: () => undefined,
      unready: () => undefined,
    });
    await writeJson(directory.file('live.json'), { pid: process.pid, grpcPort, httpPort: http.port });
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
    const stop = (): void => run.requestStop(GanTrainError.from(signal.reason).what);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const outcome = await run.outcome;
    run.close();
    const { status, step, code, reason } = outcome;
    context.events.emit(
      status === 'failed'
        ? { failed: { code, message: reason } }
        : { finished: { step, status, weightsHash: '' } },
    );
    await shutdown(server, farewellMs);
    await http.close();
    return outcome;
  } finally {
    server.forceShutdown();
    await jobs.close();
    data.close();
    await directory.close();
  }
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
