import { permutation, randomIndex } from '@gan-train/gan/random';
import { presets } from '@gan-train/gan/presets';
import { GanTrainError, type RunConfig } from '@gan-train/service';

export interface OrderOptions {
  readonly seed: number;
  /** Number of items in the data set. */
  readonly items: number;
  /** Items of a global batch. */
  readonly batch: number;
  /** Draw every item independently, as the `seed` preset does, instead of permuting each epoch. */
  readonly withReplacement: boolean;
}

export interface Order {
  /** The item index at each position of the step's global batch; length `batch`. Steps count from 1. */
  itemsOfStep(step: number): Uint32Array;
  /** The epoch, counted from 1, in which the step's first item lies. */
  epochOfStep(step: number): number;
}

/** The order of a run: by its config and the number of items alone. */
export const orderFromConfig = (
  { seed, batch, preset }: Pick<RunConfig, 'seed' | 'batch' | 'preset'>,
  items: number,
): Order => createOrder({ seed, items, batch, withReplacement: presets[preset].withReplacement });

/** A batch that crosses an epoch needs two. */
const keptPermutations = 2;

/**
 * Which items a step trains on, from (seed, step) alone. Position k = (step - 1) * batch + i of the run's endless
 * sequence lies in epoch floor(k / items) and is that epoch's permutation at k mod items: batches cross epochs, nothing
 * is dropped or padded. With replacement, position k is `randomIndex(seed, k, items)`.
 */
export function createOrder({ seed, items, batch, withReplacement }: OrderOptions): Order {
  if (!Number.isSafeInteger(items) || items < 1 || !Number.isSafeInteger(batch) || batch < 1) {
    throw new GanTrainError('internal', `an order needs items and a batch, not ${items} and ${batch}`);
  }
  const permutations = new Map<number, Uint32Array>();

  const permutationOf = (epoch: number): Uint32Array => {
    const kept = permutations.get(epoch);
    if (kept) return kept;
    const made = permutation(seed, epoch, items);
    const [oldest] = permutations.keys();
    if (oldest !== undefined && permutations.size === keptPermutations) permutations.delete(oldest);
    permutations.set(epoch, made);
    return made;
  };
  const itemAt = (position: number): number =>
    withReplacement
      ? randomIndex(seed, position, items)
      : (permutationOf(Math.floor(position / items))[position % items] ?? 0);

  return {
    itemsOfStep(step) {
      const start = startOfStep(step, batch);
      return Uint32Array.from({ length: batch }, (_, place) => itemAt(start + place));
    },
    epochOfStep: (step) => 1 + Math.floor(startOfStep(step, batch) / items),
  };
}

function startOfStep(step: number, batch: number): number {
  if (!Number.isSafeInteger(step) || step < 1 || !Number.isSafeInteger(step * batch)) {
    throw new GanTrainError('internal', `there is no step ${step}; steps count from 1`);
  }
  return (step - 1) * batch;
}
