/**
 * Work that many ask for and that one at a time does: who asks while it is done shares, with all others who do, the one that is done after it.
 * However slow it is, one waits at most.
 */
export function createSharedWork(work: () => Promise<void>): () => Promise<void> {
  let now: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    now = work();
    try {
      await now;
    } finally {
      now = undefined;
    }
  };
  const after = async (before: Promise<void>): Promise<void> => {
    await before.catch(() => undefined);
    next = undefined;
    await begin();
  };
  return async () =>
    now === undefined && next === undefined ? begin() : (next ??= after(now as Promise<void>));
}
