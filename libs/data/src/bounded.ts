import { availableParallelism } from 'node:os';
import { GanTrainError } from '@gan-train/service';

/** How many files are read and decoded at once: it bounds memory, and more doesn't help (libuv has 4 threads). */
export const decodeWidth = Math.min(4, availableParallelism());

/**
 * `map` over the indices 0..count-1 with at most `decodeWidth` at work. The first failure, or the signal, stops the rest;
 * a signal throws GanTrainError `cancelled`.
 */
export async function forEachBounded(
  count: number,
  act: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < count && !failed) {
      if (signal?.aborted) throw new GanTrainError('cancelled', 'reading the data set was cancelled');
      await act(next++);
    }
  };
  const workers = Array.from({ length: Math.min(decodeWidth, count) }, () =>
    work().catch((thrown: unknown) => {
      failed = true;
      throw thrown;
    }),
  );
  // All of them are waited for, so that nothing of this call is still at work when it ends.
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
