import {
  assignWeights,
  beginUpdate,
  discriminatorShardGradients,
  generatorShardGradients,
  imagesFromBytes,
  shadowOf,
  shardNoise,
} from '@gan-train/gan';
import { adamFromConfig, GanTrainError } from '@gan-train/service';
import type { CommCalls, GenerationOrder, PhaseBuffers } from './comm-calls.js';
import { tensorCount } from './engine.js';
import { stepMessage } from './profile.js';
import { sumShards } from './shard-sums.js';
import { emptyRow, type TrainerState } from './state.js';
import { store } from './store.js';
import type { Training } from './training.js';

const phases = [
  { name: 'd', network: 'discriminator' },
  { name: 'g', network: 'generator' },
] as const;

/**
 * Trains in one generation until its last step, until the members agree to stop, or until the generation is closed.
 */
export async function trainGeneration(training: Training, order: GenerationOrder): Promise<void> {
  const { control, gan, state } = training;
  for (const { network } of phases) assignWeights(gan, network, state.networks[network].weights);
  control.openGeneration();
  // A step's items are asked for while the step before is still being computed.
  const ahead = createAhead(async (step) => training.comm.call('items', { step }));
  let stepStartMs = performance.now();
  for (;;) {
    const { step: committedStep, phase: committedPhase } = state.triple.position;
    const midStep = committedPhase === 0;
    const step = midStep ? committedStep : committedStep + 1;
    if (step > order.steps) break;
    if (!midStep) {
      const items = ahead.take(step);
      if (step < order.steps) ahead.ask(step + 1);
      if (!(await runPhase(training, order, { step, phase: 0 }, items))) return;
    }
    if (!(await runPhase(training, order, { step, phase: 1 }))) return;

    const nowMs = performance.now();
    state.row.imagesPerSecond = (1000 * training.config.batch) / (nowMs - stepStartMs);
    logProfile(training, step, nowMs - stepStartMs);
    stepStartMs = nowMs;
    tell(training, 'row', state.row);
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
  items?: Promise<Uint8Array>,
): Promise<boolean> {
  const { config, gan, comm, control, state, profile } = training;
  const { name, network } = phases[position.phase] as (typeof phases)[number];
  const clock = createClock();
  // A trainer on its own has the sum as soon as it has made it.
  const alone = order.members === 1;
  // Who waits for buckets learns of its failure.
  if (!alone) tell(training, 'allReduce', position);
  control.report({ ...position, activity: 'WAITING_DATA', shardsDone: 0 });
  const bytes = await items;
  clock.lap('data');

  const { partials, reduced, bucketElements } = order.buffers[position.phase] as PhaseBuffers;
  const sum = new Float32Array(reduced);
  const { length } = gan.phases[name];
  const update = beginUpdate(
    gan.phases[name],
    config.shards,
    adamFromConfig(config, network),
    state.networks[network],
  );
  let taken = 0;
  const takeUntil = (elements: number): void => {
    const until = Math.min(elements, length);
    if (until === taken) return;
    update.take(sum.subarray(taken, until));
    taken = until;
    profile.add('adam', 1000 * clock.lap('update'));
  };
  let published = 0;
  const publish = (buckets: number): void => {
    if (buckets > published) tell(training, 'publish', { ...position, buckets });
    published = buckets;
  };
  const spent = computeShards(training, order, position, bytes, partials, (elements) => {
    if (!alone) {
      publish(Math.floor(elements / bucketElements));
      return;
    }
    clock.lap('compute');
    takeUntil(elements - (elements % 4));
  });
  if (!alone) publish(Math.ceil(sum.length / bucketElements));
  clock.lap('compute');
  profile.add('trace', spent.trace);
  profile.add('graph', spent.graph);
  profile.add('copy', 1000 * clock.seconds.compute - spent.trace - spent.graph);
  control.report({ ...position, activity: 'WAITING_PEER', shardsDone: order.shards.count });

  try {
    // What is there is taken while the next buckets are still on their way.
    for (let buckets = 0; buckets * bucketElements < sum.length;) {
      buckets = alone ? Infinity : await comm.call('reduced', { ...position, beyond: buckets });
      profile.add('reduce', 1000 * clock.lap('wait'));
      takeUntil(buckets * bucketElements);
    }
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code === 'cancelled') return false;
    throw error;
  }

  const result = update.finish();
  const shadow = shadowOf(state.networks[network]);
  const triple = { generation: order.generation, position };
  const open = control.commit(triple, () => {
    state.triple = triple;
    if (result.committed) state.networks[network] = shadow;
  });
  if (!open) return false;
  state.stopAgreed ||= (sum[length] as number) > 0;
  noteScalars(state, name, result.scalars);
  if (result.committed) assignWeights(gan, network, shadow.weights);
  else {
    state.row.skippedPhases++;
    training.log.warn({ ...position }, 'gradient not finite: every trainer skips this update');
  }
  profile.add('adam', 1000 * clock.lap('update'));
  tell(training, 'phaseDone', {
    ...position,
    committed: result.committed,
    seconds: clock.seconds,
    scalars: result.scalars,
    gradientNorm: result.gradientNorm,
    items: name === 'd' ? (config.batch / config.shards) * order.shards.count : 0,
    tensors: tensorCount(),
  });
  return true;
}

/** Says something to the communication thread that nobody waits for: the next call that is waited for finds out if it is gone. */
function tell<Name extends keyof CommCalls & string>(
  { comm, log }: Training,
  name: Name,
  request: Parameters<CommCalls[Name]>[0],
): void {
  comm.call(name, request).catch((error: unknown) => log.debug({ err: error, call: name }, 'not heard'));
}

/**
 * The gradients of this trainer's shards, summed into its partials; `onFinal` is told how many elements of all of them are final.
 * `items` are the shards' images, in a phase that needs any. Returns the milliseconds of recording and of running graphs.
 */
function computeShards(
  training: Training,
  { shards }: GenerationOrder,
  position: { step: number; phase: number },
  items: Uint8Array | undefined,
  partials: readonly SharedArrayBuffer[],
  onFinal: (elements: number) => void,
): { trace: number; graph: number } {
  const { config, gan, control, spare } = training;
  const { name, network } = phases[position.phase] as (typeof phases)[number];
  const { length } = gan.phases[name];
  const itemsPerShard = config.batch / config.shards;
  const shardBytes = items === undefined ? 0 : items.length / shards.count;
  const spent = { trace: 0, graph: 0 };
  sumShards(
    shards,
    (shard, out, onShardFinal) => {
      const done = shard - shards.first;
      control.report({ ...position, activity: 'COMPUTING', shardsDone: done });
      const noise = shardNoise(gan.options, {
        seed: config.seed,
        step: position.step,
        phase: name,
        from: shard * itemsPerShard,
        count: itemsPerShard,
      });
      const buffer = out.subarray(0, length);
      // The last element says whether a member wants to stop: all see the same sum, so all stop after the same step.
      out[length] = control.stopRequested() ? 1 : 0;
      const images = items && imagesFromBytes(items.subarray(done * shardBytes, (done + 1) * shardBytes));
      const times = images
        ? discriminatorShardGradients(gan, { images, noise }, buffer, onShardFinal)
        : generatorShardGradients(gan, { noise }, buffer, onShardFinal);
      spent.trace += times.trace;
      spent.graph += times.graph;
    },
    partials.map((partial) => new Float32Array(partial)),
    spare[network],
    onFinal,
  );
  return spent;
}

/** What steps need, asked for ahead of time. */
function createAhead<T>(load: (step: number) => Promise<T>) {
  let asked: { step: number; result: Promise<T> } | undefined;
  const ask = (step: number): Promise<T> => {
    const result = load(step);
    // It counts once it is taken.
    result.catch(() => undefined);
    asked = { step, result };
    return result;
  };
  return {
    ask: (step: number): void => void ask(step),
    take: async (step: number): Promise<T> => (asked?.step === step ? asked.result : ask(step)),
  };
}

/** For `gan-train bench step`, and for whoever looks for lost time. */
function logProfile({ log, profile }: Training, step: number, stepMs: number): void {
  const ms = profile.end(stepMs);
  if (!log.isLevelEnabled('debug')) return;
  const { user, system } = process.cpuUsage();
  log.debug({ step, ms, cpuSeconds: (user + system) / 1e6 }, stepMessage);
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

function createClock() {
  const seconds = { data: 0, compute: 0, wait: 0, update: 0 };
  let lastMs = performance.now();
  return {
    seconds,
    /** Counts the time since the last lap, in seconds, to a part, and returns it. */
    lap(part: keyof typeof seconds): number {
      const nowMs = performance.now();
      const lapSeconds = (nowMs - lastMs) / 1000;
      seconds[part] += lapSeconds;
      lastMs = nowMs;
      return lapSeconds;
    },
  };
}
