import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { assignWeights, createGan } from '@gan-train/gan';
import {
  createFaults,
  createLogger,
  GanTrainError,
  modelFromConfig,
  type Fault,
  type Logger,
  type RunConfig,
} from '@gan-train/service';
import { openTlsIdentity } from '@gan-train/rpc';
import { parseAddress } from './address.js';
import type { WorkerData } from './comm/worker.js';
import type { CommCalls, Joined } from './comm-calls.js';
import { controlFromBuffer, createControlBuffer } from './control.js';
import { loadableEngines, loadEngine, type EngineName } from './engine.js';
import { probeHash, warmUp } from './probe.js';
import { createInitialState, roomForState, touchMemory } from './state.js';
import { upload } from './store.js';
import { createCaller } from './thread-calls.js';
import { trainGeneration } from './train.js';
import { createTraining, type Training } from './training.js';

export interface TrainerOptions {
  /** host:port of the coordinator's gRPC server. */
  coordinator: string;
  /** host:port to serve peers on; port 0 is any free one. */
  listen: string;
  /** host or host:port that peers reach this trainer at; the listen address when left out. */
  advertise: string | undefined;
  httpPort: number;
  /** Where ca.crt, tls.crt and tls.key are: without them connections are not encrypted, and anybody may call. */
  tlsDir: string | undefined;
  /** How long this trainer, asked to end, waits until it may. */
  graceSeconds: number;
  /** How long a coordinator is looked for at first. */
  connectSeconds: number;
  /** Of the Kubernetes pod that this is; empty elsewhere. */
  podUid: string;
  /** Something starts this process again whenever it ends: it stays when the run is over, until that goes on. */
  stay: boolean;
  /** What is to go wrong, for tests. */
  faults: readonly Fault[];
}

/** How often a trainer whose run is over looks whether that goes on. */
const stayMs = 5_000;

type Parts = Pick<Training, 'comm' | 'control' | 'log' | 'faults'>;

/** Lives until the coordinator says done (returns), refuses this trainer, or is gone for too long (throws). */
export async function trainerMain(options: TrainerOptions, signal: AbortSignal): Promise<void> {
  parseAddress(options.coordinator);
  parseAddress(options.listen);
  const incarnation = randomUUID();
  const log = createLogger({ service: 'trainer', trainer: incarnation.slice(0, 8) });
  const control = controlFromBuffer(createControlBuffer());
  // The other thread reads them again: what is wrong with them is found here.
  if (options.tlsDir !== undefined) (await openTlsIdentity(options.tlsDir, 'trainer')).close();
  const { graceSeconds, stay, ...rest } = options;
  const workerData: WorkerData = { ...rest, incarnation, control: control.buffer };
  const worker = new Worker(new URL('./comm/worker.js', import.meta.url), { workerData });
  const comm = createCaller<CommCalls>(worker);
  const end = (error: Error): void => comm.fail(GanTrainError.from(error));
  worker.on('error', end);
  worker.on('exit', (code) => end(new GanTrainError('internal', `the communication thread ended (${code})`)));
  // It leaves between phases, when others have its state or the coordinator has stored it.
  const leave = (): void => {
    log.info({ graceSeconds }, 'asked to end');
    comm.call('leave', { graceSeconds }).catch(() => undefined);
  };
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await takePart({ comm, control, log, faults: createFaults(options.faults) });
    if (stay && !signal.aborted) await untilRunGoesOn(comm, log, signal);
  } catch (thrown) {
    const { code, what } = GanTrainError.from(thrown);
    if (code === 'cancelled' && signal.aborted) return;
    await comm.call('failed', { code, message: what }).catch(() => undefined);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', leave);
    await worker.terminate();
  }
}

/** Returns when the run that was over goes on, so that whoever starts this process again makes it a trainer of that; or with the signal. */
async function untilRunGoesOn(comm: Training['comm'], log: Logger, signal: AbortSignal): Promise<void> {
  log.info('stays until the run goes on');
  while (!signal.aborted) {
    await delay(stayMs, undefined, { signal }).catch(() => undefined);
    if ((await comm.call('runStatus', undefined)) !== 'running') continue;
    log.info('the run goes on: this process ends, for a new one to join');
    return;
  }
}

async function takePart(parts: Parts): Promise<void> {
  const { comm, log } = parts;
  const joined = await comm.call('hello', { engines: await loadableEngines() });
  const training = await prepare(joined, parts);
  for (;;) {
    const order = await comm.call('nextOrder', undefined);
    switch (order.kind) {
      case 'start':
        log.info(
          { ...order.generation, rank: order.rank, members: order.members, shards: order.shards },
          'generation',
        );
        await trainGeneration(training, order);
        break;
      case 'saveState':
        // The coordinator knows what became of it, and decides what follows.
        await upload(training, 'CHECKPOINT', true, order.generation).catch(() => undefined);
        break;
      case 'done':
        log.info({ reason: order.reason }, 'done');
        return;
    }
  }
}

/** Engine, model and initial state, as the coordinator's config says; then this trainer is ready to be a member. */
async function prepare(joined: Joined, parts: Parts): Promise<Training> {
  const { comm, control, log } = parts;
  const config = JSON.parse(joined.configJson) as RunConfig;
  control.report({ step: 0, phase: 0, activity: 'COMPILING', shardsDone: 0 });
  const engine = await loadEngine(joined.engine as EngineName, config.threads);
  log.info({ engine: engine.name, identity: engine.identity, run: joined.runId }, 'joined');
  const gan = createGan(modelFromConfig(config));
  const state = createInitialState(gan, config.seed);
  // The system gives memory when it is first written to: in the first phase others would wait for that.
  touchMemory(state);
  const room = roomForState(gan);
  assignWeights(gan, 'generator', state.networks.generator.weights);
  assignWeights(gan, 'discriminator', state.networks.discriminator.weights);
  const probe = probeHash(gan, config.seed);
  // What is compiled now keeps nobody waiting in the first phase.
  warmUp(gan, config.batch / config.shards);
  control.setCommitted(state.triple);
  control.report({ ...state.triple.position, activity: 'IDLE', shardsDone: 0 });
  await comm.call('ready', { probeHash: probe, engine: engine.name });
  return createTraining({ ...parts, config, gan, state, room });
}
