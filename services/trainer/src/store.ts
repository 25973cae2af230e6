import { bytesFromImages, generateImages, gridNoise } from '@gan-train/gan';
import type { CheckpointUpload } from './comm-calls.js';
import { snapshotState } from './state.js';
import type { Training } from './training.js';

/** Images of a grid: 8 x 8. */
const gridImages = 64;

/** Sends what is due after a step: a grid, weights, a checkpoint. The last step's are waited for. */
export async function store(training: Training, step: number, last: boolean): Promise<void> {
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
  if (purpose === 'CHECKPOINT') training.checkpointAtMs = performance.now();
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
