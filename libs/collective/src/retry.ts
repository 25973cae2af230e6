import { setTimeout as delay } from 'node:timers/promises';
import { GanTrainError } from '@gan-train/service';

export interface RetryOptions {
  /** What is being done, for the error. */
  what: string;
  deadline: number;
  /** Nothing is tried any more once it aborts. */
  signal: AbortSignal;
  /** Errors after which another attempt may succeed. */
  passing: readonly GanTrainError['code'][];
  /** Pause after the first attempt; it doubles from one to the next. */
  firstBackoffMs: number;
  longestBackoffMs: number;
  /** Told of each attempt that failed and is followed by another. */
  onFailure?: (error: GanTrainError) => void;
}

/**
 * Tries until it succeeds. Throws `cancelled` when the signal aborts, and the last attempt's error when it is of another
 * kind than those that pass, or when the next attempt would come after the deadline.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { what, deadline, signal, passing, firstBackoffMs, longestBackoffMs } = options;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, longestBackoffMs)) {
    if (signal.aborted) throw new GanTrainError('cancelled', `${what}: nobody waits for it any more`);
    try {
      return await attempt();
    } catch (thrown) {
      const error = GanTrainError.from(thrown);
      const isLate = Date.now() + backoffMs > deadline;
      if (signal.aborted) continue;
      if (!passing.includes(error.code) || isLate) {
        throw new GanTrainError(error.code, `${what}: ${error.what}`, undefined, error);
      }
      options.onFailure?.(error);
      // An abort shortens the wait; the check above then ends the loop.
      await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
