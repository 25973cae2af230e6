import { isSameTriple, tripleFromMessage } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { GenerationOrder } from './comm-calls.js';
import { initialStateFor, snapshotState, stateFromBytes } from './state.js';
import type { Training } from './training.js';

/**
 * Brings this trainer to the state that a generation starts from: it takes it over into its shadows, and flips, or it gives
 * what it holds to others. Throws `cancelled` when the generation was closed before; then it holds what it held.
 */
export async function heal(training: Training, order: GenerationOrder): Promise<void> {
  const { gan, comm, control, state, config, log } = training;
  const { serial } = order;
  if (order.gives) {
    const snapshot = snapshotState(gan, state, 'CHECKPOINT', undefined, order.gives);
    await comm.call('holdState', { serial, snapshot });
  }
  const { room } = training;
  training.room = undefined;
  if (!order.heals) return;
  const startMs = performance.now();
  control.report({ ...order.state.position, activity: 'HEALING', shardsDone: 0 });
  const bytes = await comm.call('heal', { serial, room });
  // This trainer may have lost its place without knowing, and the run may be further than what it was told to take over.
  if (bytes !== undefined && !isSameTriple(tripleFromMessage(bytes.header.state), order.state))
    throw new GanTrainError('cancelled', 'the run is further than what is to be taken over');
  const healed =
    bytes === undefined ? initialStateFor(gan, config.seed, state) : stateFromBytes(gan, bytes, state);
  const isOpen = control.commit(serial, order.state, () => {
    Object.assign(state, healed, { triple: order.state });
  });
  if (!isOpen) throw new GanTrainError('cancelled', 'the generation is closed');
  log.info({ ...order.state.position, seconds: (performance.now() - startMs) / 1000 }, 'healed');
}
