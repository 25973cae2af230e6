import { retry } from '@gan-train/collective';

/** Asks the coordinator until it answers, one that is away too. Throws what it refuses, and `cancelled` when the signal aborts. */
export async function untilAnswered<T>(
  what: string,
  ask: () => Promise<T>,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<T> {
  return retry(ask, {
    what,
    deadline: Date.now() + timeoutMs,
    signal,
    passing: ['coordinator_lost', 'timeout', 'cancelled'],
    firstBackoffMs: 100,
    longestBackoffMs: 2_000,
  });
}
