import { GanTrainError, type Logger } from '@gan-train/service';

/** After so long without a word that a grid is stored, the others send theirs too. */
const patienceMs = 2_000;
/** More are not kept: whoever makes them waits. */
const mostPending = 64;

export interface Grid {
  step: number;
  images: number;
  pixels: Uint8Array;
}

/**
 * Grids that are not yet known to be stored. Every member makes them, rank 0 sends them; when it is lost, or its call breaks, any
 * other one does. The coordinator stores each once.
 */
export interface PendingGrids {
  add(grid: Grid, sends: boolean): void;
  /** Sends what is waiting, now: this member may not come to it later. */
  flush(): void;
  /** The coordinator has the grid of this step. */
  stored(step: number): void;
  forgetAfter(step: number): void;
  /** Resolves when no grid up to a step is on its way any more, stored or not. */
  settled(step: number): Promise<void>;
  /** Resolves when there is room for another one; rejects with `cancelled` when the signal aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing waits any more; rejects with `cancelled` when the signal aborts. */
  allStored(signal: AbortSignal): Promise<void>;
  close(): void;
}

export function createPendingGrids(send: (grid: Grid) => Promise<void>, log: Logger): PendingGrids {
  const pending = new Map<number, Grid>();
  const sending = new Map<number, Promise<void>>();
  let waiting: { below: number; resolve: () => void }[] = [];

  function sendOne(grid: Grid): void {
    const { step } = grid;
    if (sending.has(step)) return;
    const sent = send(grid)
      .then(() => remove((other) => pending.get(other) === grid))
      // It is sent again.
      .catch((error: unknown) => log.debug({ err: error, step }, 'grid not stored'))
      .finally(() => sending.delete(step));
    sending.set(step, sent);
  }
  function remove(fits: (step: number) => boolean): void {
    for (const step of [...pending.keys()].filter(fits)) pending.delete(step);
    for (const { below, resolve } of waiting) if (pending.size < below) resolve();
    waiting = waiting.filter(({ below }) => pending.size >= below);
  }
  async function fewerThan(below: number, signal: AbortSignal): Promise<void> {
    if (pending.size < below) return;
    await new Promise<void>((resolve, reject) => {
      const aborted = (): void => reject(new GanTrainError('cancelled', 'the generation is closed'));
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) aborted();
      waiting.push({
        below,
        resolve() {
          signal.removeEventListener('abort', aborted);
          resolve();
        },
      });
    });
  }
  const flush = (): void => {
    for (const grid of pending.values()) sendOne(grid);
  };
  const timer = setInterval(flush, patienceMs);
  return {
    add(grid, sends) {
      pending.set(grid.step, grid);
      if (sends) sendOne(grid);
    },
    flush,
    stored: (step) => remove((other) => other === step),
    forgetAfter: (step) => remove((other) => other > step),
    async settled(step) {
      await Promise.all([...sending].flatMap(([other, sent]) => (other <= step ? [sent] : [])));
    },
    room: async (signal) => fewerThan(mostPending, signal),
    allStored: async (signal) => fewerThan(1, signal),
    close() {
      clearInterval(timer);
      waiting = [];
    },
  };
}
