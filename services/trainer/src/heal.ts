import { isSameTriple, tripleFromMessage } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { GenerationOrder } from './comm-calls.js';
import { initialStateFor, snapshotState, stateFromBytes, type TrainerState } from './state.js';
import type { Training } from './training.js';

/**
 * Brings this trainer to the state that a generation starts from: it takes it over into its shadows, and flips, or it gives
 * what it holds to others. False when the generation was closed before; then it holds what it held.
 */
export async function heal(training: Training, order: GenerationOrder): Promise<boolean> {
  const { gan, comm, control, state, config, log } = training;
  const { serial } = order;
  if (order.isHealer) {
    const snapshot = snapshotState(gan, state, 'CHECKPOINT', undefined);
    await comm.call('holdState', { serial, snapshot });
  }
  if (!order.heals) return true;
  const startMs = performance.now();
  control.report({ ...order.state.position, activity: 'HEALING', shardsDone: 0 });
  let healed: TrainerState;
  try {
    const bytes = await comm.call('heal', { serial });
    // This trainer may have lost its place without knowing, and the run may be further than what it was told to take over.
    if (bytes !== undefined && !isSameTriple(tripleFromMessage(bytes.header.state), order.state))
      return false;
    healed =
      bytes === undefined ? initialStateFor(gan, config.seed, state) : stateFromBytes(gan, bytes, state);
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code === 'cancelled') return false;
    throw error;
  }
  const isOpen = control.commit(serial, order.state, () => {
    Object.assign(state, healed, { triple: order.state });
  });
  if (isOpen) log.info({ ...order.state.position, seconds: (performance.now() - startMs) / 1000 }, 'healed');
  return isOpen;
}
