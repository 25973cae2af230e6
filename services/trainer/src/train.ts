import {
  applyPhase,
  assignWeights,
  bytesFromImages,
  discriminatorShardGradients,
  generateImages,
  generatorShardGradients,
  gridNoise,
  imagesFromBytes,
  shadowOf,
  shardNoise,
  type Gan,
} from '@gan-train/gan';
import { adamFromConfig, GanTrainError, type Logger, type RunConfig } from '@gan-train/service';
import type { CheckpointUpload, CommCalls, GenerationOrder } from './comm-calls.js';
import type { Activity, Control } from './control.js';
import { tensorCount } from './engine.js';
import { sumShards } from './shard-sums.js';
import { emptyRow, snapshotState, type Network, type TrainerState } from './state.js';
import type { Caller } from './thread-calls.js';

const phases = [
  { name: 'd', network: 'discriminator' },
  { name: 'g', network: 'generator' },
] as const;

/** Images of a grid: 8 x 8. */
const gridImages = 64;

export interface Training {
  config: RunConfig;
  gan: Gan;
  comm: Caller<CommCalls>;
  control: Control;
  log: Logger;
  state: TrainerState;
  spare: Record<Network, Map<number, Float32Array>>;
  /** When the last checkpoint was taken, on the monotonic clock. */
  checkpointAtMs: number;
  /** Uploads under way; the next of a kind waits for the one before. */
  uploads: Map<CheckpointUpload['purpose'], { done: Promise<void>; data: SharedArrayBuffer }>;
}

export function createTraining(
  parts: Pick<Training, 'config' | 'gan' | 'comm' | 'control' | 'log' | 'state'>,
): Training {
  return {
    ...parts,
    spare: { generator: new Map(), discriminator: new Map() },
    checkpointAtMs: performance.now(),
    uploads: new Map(),
  };
}

/**
 * Trains in one generation until its last step, until the members agree to stop, or until the generation is closed.
 */
export async function trainGeneration(training: Training, order: GenerationOrder): Promise<void> {
  const { control, gan, state } = training;
  for (const { network } of phases) assignWeights(gan, network, state.networks[network].weights);
  control.openGeneration();
  let stepStartMs = performance.now();
  for (;;) {
    const { step: committedStep, phase: committedPhase } = state.triple.position;
    const midStep = committedPhase === 0;
    const step = midStep ? committedStep : committedStep + 1;
    if (step > order.steps) break;
    if (!midStep) {
      if (!(await runPhase(training, order, { step, phase: 0 }))) return;
    }
    if (!(await runPhase(training, order, { step, phase: 1 }))) return;

    const nowMs = performance.now();
    state.row.imagesPerSecond = (1000 * training.config.batch) / (nowMs - stepStartMs);
    stepStartMs = nowMs;
    await training.comm.call('row', state.row);
    state.row = emptyRow(step + 1);
    const last = step === order.steps || state.stopAgreed;
    if (order.rank === 0) await store(training, step, last);
    if (last) break;
  }
  control.report({ ...state.triple.position, activity: 'IDLE', shardsDone: 0 });
  await training.comm.call('drained', { state: state.triple });
}

/**
 * One phase: shard gradients, all-reduce, update into the shadow, flip. False when the generation was closed
 * before the flip: nothing of the phase is kept then.
 */
async function runPhase(
  training: Training,
  order: GenerationOrder,
  position: { step: number; phase: number },
): Promise<boolean> {
  const { config, gan, comm, control, state } = training;
  const { name, network } = phases[position.phase] as (typeof phases)[number];
  const layout = gan.phases[name];
  const shared = order.buffers[position.phase] as GenerationOrder['buffers'][number];
  const itemsPerShard = config.batch / config.shards;
  const clock = createClock();
  const report = (activity: Activity, shardsDone: number): void => {
    control.report({ ...position, activity, shardsDone });
  };

  const reduced = comm.call('allReduce', position);
  // It is awaited below; until then a failure must not count as unhandled.
  reduced.catch(() => undefined);
  report('WAITING_DATA', 0);
  const bytes = name === 'd' ? await comm.call('items', { step: position.step }) : undefined;
  clock.lap('data');

  const { seed } = config;
  const shardBytes = bytes === undefined ? 0 : bytes.length / order.shards.count;
  sumShards(
    order.shards,
    (shard, out) => {
      const done = shard - order.shards.first;
      report('COMPUTING', done);
      const at = {
        seed,
        step: position.step,
        phase: name,
        from: shard * itemsPerShard,
        count: itemsPerShard,
      };
      const noise = shardNoise(gan.options, at);
      const buffer = out.subarray(0, layout.length);
      if (bytes === undefined) generatorShardGradients(gan, { noise }, buffer);
      else {
        const images = imagesFromBytes(bytes.subarray(done * shardBytes, (done + 1) * shardBytes));
        discriminatorShardGradients(gan, { images, noise }, buffer);
      }
      // The last element says whether a member wants to stop: all see the same sum, so all stop after the same step.
      out[layout.length] = control.stopRequested() ? 1 : 0;
    },
    shared.partials.map((partial) => new Float32Array(partial)),
    training.spare[network],
  );
  await comm.call('publish', position);
  clock.lap('compute');

  report('WAITING_PEER', order.shards.count);
  try {
    await reduced;
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code === 'cancelled') return false;
    throw error;
  }
  clock.lap('wait');

  const sum = new Float32Array(shared.reduced);
  const shadow = shadowOf(state.networks[network]);
  const result = applyPhase(
    layout,
    sum.subarray(0, layout.length),
    config.shards,
    adamFromConfig(config, network),
    state.networks[network],
  );
  const triple = { generation: order.generation, position };
  const open = control.commit(triple, () => {
    state.triple = triple;
    if (!result.committed) return;
    state.networks[network] = shadow;
  });
  if (!open) return false;
  state.stopAgreed ||= (sum[layout.length] as number) > 0;
  noteScalars(state, name, result.scalars);
  if (result.committed) assignWeights(gan, network, shadow.weights);
  else {
    state.row.skippedPhases++;
    training.log.warn({ ...position }, 'gradient not finite: every trainer skips this update');
  }
  clock.lap('update');
  await comm.call('phaseDone', {
    ...position,
    committed: result.committed,
    seconds: clock.seconds,
    scalars: result.scalars,
    gradientNorm: result.gradientNorm,
    items: name === 'd' ? itemsPerShard * order.shards.count : 0,
    tensors: tensorCount(),
  });
  return true;
}

function noteScalars({ row }: TrainerState, phase: 'd' | 'g', scalars: Record<string, number>): void {
  if (phase === 'd') {
    row.dLoss = scalars.loss ?? NaN;
    row.dReal = scalars.real ?? NaN;
    row.dFake = scalars.fake ?? NaN;
  } else {
    row.gLoss = scalars.loss ?? NaN;
  }
}

/** Sends what is due after a step: a grid, weights, a checkpoint. The last step's are waited for. */
async function store(training: Training, step: number, last: boolean): Promise<void> {
  const { config } = training;
  const due = (every: number): boolean => last || (every > 0 && step % every === 0);
  if (due(config.sampleEvery)) await sendGrid(training, step);
  if (due(config.weightsEvery)) await upload(training, 'WEIGHTS', last);
  const elapsedMs = performance.now() - training.checkpointAtMs;
  if (last || elapsedMs >= 1000 * config.checkpointSeconds) await upload(training, 'CHECKPOINT', last);
}

async function sendGrid({ config, gan, comm }: Training, step: number): Promise<void> {
  const noise = gridNoise(gan.options, { seed: config.seed, count: gridImages });
  const pixels = bytesFromImages(generateImages(gan, noise));
  await comm.call('putGrid', { step, images: gridImages, pixels });
}

/**
 * Sends a copy of the state. One upload of a kind at a time: when one is still under way the next step's takes its turn,
 * with newer content; a final one waits. A failed one is logged and training goes on, unless it is final.
 */
export async function upload(
  training: Training,
  purpose: CheckpointUpload['purpose'],
  final: boolean,
): Promise<void> {
  const before = training.uploads.get(purpose);
  if (before !== undefined) {
    if (!final && !(await isSettled(before.done))) return;
    await before.done;
  }
  training.checkpointAtMs = purpose === 'CHECKPOINT' ? performance.now() : training.checkpointAtMs;
  const snapshot = snapshotState(training.gan, training.state, purpose, before?.data);
  const sent = training.comm.call('putCheckpoint', { purpose, final, ...snapshot });
  const done = sent.then(
    () => undefined,
    (error: unknown) => training.log.error({ err: error, purpose }, 'not stored'),
  );
  training.uploads.set(purpose, { done, data: snapshot.data });
  if (final) await sent;
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  // A settled promise wins over one that settles a macrotask later.
  const tick = new Promise<symbol>((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, tick])) !== pending;
}

function createClock() {
  const seconds = { data: 0, compute: 0, wait: 0, update: 0 };
  let lastMs = performance.now();
  return {
    seconds,
    lap(part: keyof typeof seconds): void {
      const nowMs = performance.now();
      seconds[part] += (nowMs - lastMs) / 1000;
      lastMs = nowMs;
    },
  };
}
