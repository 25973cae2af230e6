import type { GenerationId } from '@gan-train/rpc';
import { bytesFromImages, generateImages, gridNoise } from '@gan-train/gan';
import { GanTrainError } from '@gan-train/service';
import type { CheckpointUpload, StateSnapshot } from './comm-calls.js';
import { hashFromState, snapshotState } from './state.js';
import type { Training } from './training.js';

/** Images of a grid: 8 x 8. */
const gridImages = 64;

export interface StepEnd {
  step: number;
  /** Nothing follows it. */
  last: boolean;
  /** The members agreed on a checkpoint of it. */
  checkpoint: boolean;
  rank: number;
  serial: number;
  generation: GenerationId;
}

/**
 * Makes and sends what is due after a step: a grid, the state's hash, weights, a checkpoint. Grid and hash come from every member,
 * weights and checkpoint from rank 0. The last step's are waited for.
 */
export async function store(training: Training, end: StepEnd): Promise<void> {
  const { config, gan, comm, state } = training;
  const { step, last, checkpoint, rank, serial, generation } = end;
  const due = (every: number): boolean => last || (every > 0 && step % every === 0);
  if (due(config.sampleEvery)) await sendGrid(training, serial, step);
  if (due(config.guardEvery) || checkpoint) {
    const hash = hashFromState(gan, state);
    training.log.debug({ step, hash }, 'state hash');
    await comm.call('stateHash', { serial, state: state.triple, hash });
  }
  if (rank !== 0) return;
  if (due(config.weightsEvery)) await upload(training, 'WEIGHTS', last, generation);
  if (last) await comm.call('gridsStored', undefined);
  if (last || checkpoint) await upload(training, 'CHECKPOINT', last, generation);
}

async function sendGrid({ config, gan, comm }: Training, serial: number, step: number): Promise<void> {
  const noise = gridNoise(gan.options, { seed: config.seed, count: gridImages });
  const pixels = bytesFromImages(generateImages(gan, noise));
  await comm.call('grid', { serial, step, images: gridImages, pixels });
}

/** Whether rank 0 wants the members to agree on a checkpoint. */
export const isCheckpointDue = ({ config, checkpointAtMs }: Training): boolean =>
  performance.now() - checkpointAtMs >= 1000 * config.checkpointSeconds;

/**
 * Sends a copy of the state. One upload of a kind at a time: when one is still under way the next step's takes its turn,
 * with newer content; a final one waits. A failed one is logged and training goes on, unless it is final.
 */
export async function upload(
  training: Training,
  purpose: StateSnapshot['purpose'],
  final: boolean,
  generation: CheckpointUpload['generation'],
): Promise<void> {
  const before = training.uploads.get(purpose);
  if (before !== undefined) {
    if (!final && !(await isSettled(before.done))) return;
    await before.done;
  }
  if (purpose === 'CHECKPOINT') training.checkpointAtMs = performance.now();
  const snapshot = snapshotState(training.gan, training.state, purpose, before?.data);
  const sent = training.comm.call('putCheckpoint', { ...snapshot, final, generation });
  const done = sent.then(
    () => undefined,
    (thrown: unknown) => {
      const error = GanTrainError.from(thrown);
      if (error.code === 'fenced') training.log.info({ purpose, reason: error.what }, 'not stored');
      else training.log.error({ err: error, purpose }, 'not stored');
    },
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
