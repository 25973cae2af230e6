/** Evictions of one address within the window that make it wait; and how long, doubled by each further one. */
const most = 3;
const windowMs = 600_000;
const firstWaitMs = 30_000;
const longestWaitMs = 600_000;
/** Addresses that are remembered. */
const mostAddresses = 10_000;

/** Who is evicted again and again disturbs the others: it stands by for a while before it may be a member again. */
export interface Quarantine {
  /** By address, when it ends. */
  readonly until: ReadonlyMap<string, number>;
  evicted(nowMs: number, address: string): void;
}

export function createQuarantine(): Quarantine {
  const evictions = new Map<string, number[]>();
  const until = new Map<string, number>();
  return {
    until,
    evicted(nowMs, address) {
      const times = [...(evictions.get(address) ?? []), nowMs].filter((time) => nowMs - time < windowMs);
      // Again at the end: the one that was evicted longest ago goes first.
      evictions.delete(address);
      evictions.set(address, times);
      if (times.length >= most) {
        until.set(address, nowMs + Math.min(longestWaitMs, firstWaitMs * 2 ** (times.length - most)));
      }
      const [oldest] = evictions.keys();
      if (evictions.size > mostAddresses && oldest !== undefined) {
        evictions.delete(oldest);
        until.delete(oldest);
      }
    },
  };
}
