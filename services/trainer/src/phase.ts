import {
  assignWeights,
  beginUpdate,
  discriminatorShardGradients,
  generatorShardGradients,
  imagesFromBytes,
  shadowOf,
  shardNoise,
} from '@gan-train/gan';
import type { LossRow, Position } from '@gan-train/rpc';
import { adamFromConfig, GanTrainError } from '@gan-train/service';
import { wishes, type GenerationOrder, type PhaseBuffers } from './comm-calls.js';
import { tensorCount } from './engine.js';
import { sumShards } from './shard-sums.js';
import type { TrainerState } from './state.js';
import { isCheckpointDue } from './store.js';
import { tell, type Training } from './training.js';
import { logUsedItems } from './used-items.js';

export const phases = [
  { name: 'd', network: 'discriminator' },
  { name: 'g', network: 'generator' },
] as const;

/** Shards whose times say how long one takes. */
const timedShards = 9;

/**
 * One phase: shard gradients, all-reduce, update into the shadow, flip. Throws `cancelled` when the generation was closed
 * before the flip: nothing of the phase is kept then.
 */
export async function runPhase(
  training: Training,
  order: GenerationOrder,
  position: Position,
  items: Promise<Uint8Array> | undefined,
  speed: () => number,
): Promise<void> {
  const { config, gan, comm, control, state, profile, faults } = training;
  const { serial } = order;
  const { name, network } = phases[position.phase] as (typeof phases)[number];
  const clock = createClock();
  // A trainer on its own has the sum as soon as it has made it.
  const alone = order.members === 1;
  // Who waits for buckets learns of its failure.
  if (!alone) tell(training, 'allReduce', { serial, ...position });
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
    if (buckets > published) tell(training, 'publish', { serial, ...position, buckets });
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
  faults('beforeSend', position);
  if (!alone) publish(Math.ceil(sum.length / bucketElements));
  clock.lap('compute');
  profile.add('trace', spent.trace);
  profile.add('graph', spent.graph);
  profile.add('copy', 1000 * clock.seconds.compute - spent.trace - spent.graph);
  control.report({ ...position, activity: 'WAITING_PEER', shardsDone: order.shards.count });

  // What is there is taken while the next buckets are still on their way.
  for (let buckets = 0; buckets * bucketElements < sum.length;) {
    buckets = alone ? Infinity : await comm.call('reduced', { serial, ...position, beyond: buckets });
    if (buckets * bucketElements < sum.length) faults('midReduce', position);
    profile.add('reduce', 1000 * clock.lap('wait'));
    takeUntil(buckets * bucketElements);
  }
  faults('afterReduce', position);

  const result = update.finish();
  const shadow = shadowOf(state.networks[network]);
  const triple = { generation: order.generation, position };
  const row = rowAfter(state.row, name, result);
  if (name === 'g') row.imagesPerSecond = speed();
  const commit = (): void => {
    state.triple = triple;
    state.row = row;
    state.skippedInRow = result.committed ? 0 : state.skippedInRow + 1;
    if (result.committed) state.networks[network] = shadow;
  };
  if (!control.commit(serial, triple, commit, name === 'g' ? row : undefined))
    throw new GanTrainError('cancelled', 'the generation is closed');
  const itemsUsed = bytes === undefined ? 0 : (config.batch / config.shards) * order.shards.count;
  if (bytes) logUsedItems(training, position.step, order.shards, bytes, itemsUsed);
  noteWishes(state, sum.subarray(length));
  if (!result.committed)
    training.log.warn({ ...position }, 'gradient not finite: every trainer skips this update');
  if (faults('afterUpdate', position) === 'flip') flipBit(state.networks[network].weights);
  if (result.committed) assignWeights(gan, network, shadow.weights);
  profile.add('adam', 1000 * clock.lap('update'));
  tell(training, 'phaseDone', {
    ...position,
    committed: result.committed,
    seconds: clock.seconds,
    scalars: result.scalars,
    gradientNorm: result.gradientNorm,
    items: itemsUsed,
    tensors: tensorCount(),
  });
}

/**
 * The gradients of this trainer's shards, summed into its partials; `onFinal` is told how many elements of all of them are final.
 * `items` are the shards' images, in a phase that needs any. Returns the milliseconds of recording and of running graphs.
 * Throws `cancelled` when the generation is closed meanwhile.
 */
function computeShards(
  training: Training,
  { serial, shards, rank }: GenerationOrder,
  position: Position,
  items: Uint8Array | undefined,
  partials: readonly SharedArrayBuffer[],
  onFinal: (elements: number) => void,
): { trace: number; graph: number } {
  const { config, gan, control, spare, faults } = training;
  const { name, network } = phases[position.phase] as (typeof phases)[number];
  const { length } = gan.phases[name];
  const itemsPerShard = config.batch / config.shards;
  const shardBytes = items === undefined ? 0 : items.length / shards.count;
  const spent = { trace: 0, graph: 0 };
  const wished = {
    stop: control.stopWished(),
    pause: control.pauseWished(),
    checkpoint: position.phase === 1 && rank === 0 && isCheckpointDue(training),
  };
  sumShards(
    shards,
    (shard, out, onShardFinal) => {
      if (!control.isOpen(serial)) throw new GanTrainError('cancelled', 'the generation is closed');
      const done = shard - shards.first;
      control.report({ ...position, activity: 'COMPUTING', shardsDone: done });
      const startMs = performance.now();
      const noise = shardNoise(gan.options, {
        seed: config.seed,
        step: position.step,
        phase: name,
        from: shard * itemsPerShard,
        count: itemsPerShard,
      });
      const buffer = out.subarray(0, length);
      // All see the same sums, so all do the same after the same phase.
      wishes.forEach((wish, i) => (out[length + i] = wished[wish] ? 1 : 0));
      const images = items && imagesFromBytes(items.subarray(done * shardBytes, (done + 1) * shardBytes));
      const times = images
        ? discriminatorShardGradients(gan, { images, noise }, buffer, onShardFinal)
        : generatorShardGradients(gan, { noise }, buffer, onShardFinal);
      if (faults('gradient', position) === 'nan') buffer.fill(NaN, 0, 1);
      spent.trace += times.trace;
      spent.graph += times.graph;
      noteShard(training, (performance.now() - startMs) / 1000);
    },
    partials.map((partial) => new Float32Array(partial)),
    spare[network],
    onFinal,
  );
  return spent;
}

function noteShard({ shardSeconds, control }: Training, seconds: number): void {
  shardSeconds.push(seconds);
  if (shardSeconds.length > timedShards) shardSeconds.shift();
  const sorted = [...shardSeconds].sort((a, b) => a - b);
  control.reportShard(sorted[Math.floor(sorted.length / 2)] ?? 0);
}

function noteWishes({ agreed }: TrainerState, sums: Float32Array): void {
  wishes.forEach((wish, i) => (agreed[wish] ||= (sums[i] as number) > 0));
}

/** What is known of a step's row after a phase. */
function rowAfter(
  row: LossRow,
  phase: 'd' | 'g',
  { committed, scalars }: { committed: boolean; scalars: Record<string, number> },
): LossRow {
  const { loss = NaN, real = NaN, fake = NaN } = scalars;
  const skippedPhases = row.skippedPhases + (committed ? 0 : 1);
  return phase === 'd'
    ? { ...row, dLoss: loss, dReal: real, dFake: fake, skippedPhases }
    : { ...row, gLoss: loss, skippedPhases };
}

/** As a fault of the memory does: the lowest bit of the first weight. */
function flipBit(weights: Float32Array): void {
  const words = new Uint32Array(weights.buffer, weights.byteOffset, 1);
  words[0] = (words[0] as number) ^ 1;
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
