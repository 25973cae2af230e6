/** Starts of one process anew within the window. */
const mostRestarts = 5;
const windowMs = 600_000;
const firstDelayMs = 200;
const longestDelayMs = 3_200;

/**
 * How long to wait before a process that ended is started again; undefined when it ends too often. `endsMs` are the times of its
 * ends, the last one now, on any clock.
 */
export function decideRestart(endsMs: readonly number[], most = mostRestarts): number | undefined {
  const nowMs = endsMs.at(-1) ?? 0;
  const recent = endsMs.filter((time) => nowMs - time < windowMs).length;
  if (recent > most) return undefined;
  return Math.min(longestDelayMs, firstDelayMs * 2 ** (recent - 1));
}
