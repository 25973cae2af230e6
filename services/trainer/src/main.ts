import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { assignWeights, createGan } from '@gan-train/gan';
import { createLogger, GanTrainError, modelFromConfig, type RunConfig } from '@gan-train/service';
import { parseAddress } from './address.js';
import type { WorkerData } from './comm/worker.js';
import type { CommCalls, Joined } from './comm-calls.js';
import { controlFromBuffer, createControlBuffer } from './control.js';
import { loadableEngines, loadEngine, type EngineName } from './engine.js';
import { probeHash } from './probe.js';
import { createInitialState, stateFromCheckpoint } from './state.js';
import { upload } from './store.js';
import { createCaller, type Caller } from './thread-calls.js';
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
}

/** Lives until the coordinator says done (returns), refuses this trainer, or is gone (throws). */
export async function trainerMain(options: TrainerOptions, signal: AbortSignal): Promise<void> {
  parseAddress(options.coordinator);
  parseAddress(options.listen);
  const incarnation = randomUUID();
  const log = createLogger({ service: 'trainer', trainer: incarnation.slice(0, 8) });
  const control = controlFromBuffer(createControlBuffer());
  const workerData: WorkerData = { ...options, incarnation, control: control.buffer };
  const worker = new Worker(new URL('./comm/worker.js', import.meta.url), { workerData });
  const comm = createCaller<CommCalls>(worker);
  const end = (error: Error): void => comm.fail(GanTrainError.from(error));
  worker.on('error', end);
  worker.on('exit', (code) => end(new GanTrainError('internal', `the communication thread ended (${code})`)));
  // In a generation the members agree on the last step; outside of one there is nothing to finish.
  const stop = (): void => {
    control.requestStop();
    if (!control.isOpen()) comm.fail(GanTrainError.from(signal.reason));
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await takePart(comm, control, log);
  } catch (thrown) {
    const { code, what } = GanTrainError.from(thrown);
    if (code === 'cancelled' && signal.aborted) return;
    await comm.call('failed', { code, message: what }).catch(() => undefined);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

async function takePart(
  comm: Caller<CommCalls>,
  control: Training['control'],
  log: Training['log'],
): Promise<void> {
  const joined = await comm.call('hello', { engines: await loadableEngines() });
  const training = await prepare(joined, comm, control, log);
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
        await upload(training, 'CHECKPOINT', true);
        break;
      case 'done':
        log.info({ reason: order.reason }, 'done');
        return;
    }
  }
}

/** Engine, model and state, as the coordinator's config says; then this trainer is ready to be a member. */
async function prepare(
  joined: Joined,
  comm: Caller<CommCalls>,
  control: Training['control'],
  log: Training['log'],
): Promise<Training> {
  const config = JSON.parse(joined.configJson) as RunConfig;
  control.report({ step: 0, phase: 0, activity: 'COMPILING', shardsDone: 0 });
  const engine = await loadEngine(joined.engine as EngineName, config.threads);
  log.info({ engine: engine.name, identity: engine.identity, run: joined.runId }, 'joined');
  const gan = createGan(modelFromConfig(config));
  const initial = createInitialState(gan, config.seed);
  assignWeights(gan, 'generator', initial.networks.generator.weights);
  assignWeights(gan, 'discriminator', initial.networks.discriminator.weights);
  const probe = probeHash(gan, config.seed);
  const { checkpoint, identityHash } = joined;
  const state =
    checkpoint === undefined ? initial : stateFromCheckpoint(gan, checkpoint.header, checkpoint.data);
  control.setCommitted(state.triple);
  control.report({ ...state.triple.position, activity: 'IDLE', shardsDone: 0 });
  await comm.call('ready', { identityHash, probeHash: probe, state: state.triple, engine: engine.name });
  return createTraining({ config, gan, comm, control, log, state });
}
