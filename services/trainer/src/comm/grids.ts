import { GanTrainError, type Logger } from '@gan-train/service';

/** After so long without a word that a grid is stored, the others send theirs too. */
const patienceMs = 2_000;

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
  stored(step: number): void;
  forgetAfter(step: number): void;
  /** Resolves when nothing waits any more; rejects with `cancelled` when the signal aborts. */
  allStored(signal: AbortSignal): Promise<void>;
  close(): void;
}

export function createPendingGrids(send: (grid: Grid) => Promise<void>, log: Logger): PendingGrids {
  const pending = new Map<number, Grid>();
  const sending = new Set<number>();
  let waiting: (() => void)[] = [];

  async function sendOne(grid: Grid): Promise<void> {
    const { step } = grid;
    if (sending.has(step) || pending.get(step) !== grid) return;
    sending.add(step);
    try {
      await send(grid);
      remove((other) => other === step);
    } catch (error) {
      // It is sent again.
      log.debug({ err: error, step }, 'grid not stored');
    } finally {
      sending.delete(step);
    }
  }
  function remove(fits: (step: number) => boolean): void {
    for (const step of [...pending.keys()].filter(fits)) pending.delete(step);
    if (pending.size > 0) return;
    for (const resolve of waiting.splice(0)) resolve();
  }
  const flush = (): void => {
    for (const grid of pending.values()) void sendOne(grid);
  };
  const timer = setInterval(flush, patienceMs);
  return {
    add(grid, sends) {
      pending.set(grid.step, grid);
      if (sends) void sendOne(grid);
    },
    flush,
    stored: (step) => remove((other) => other <= step),
    forgetAfter: (step) => remove((other) => other > step),
    async allStored(signal) {
      if (pending.size === 0) return;
      await new Promise<void>((resolve, reject) => {
        const aborted = (): void => reject(new GanTrainError('cancelled', 'the generation is closed'));
        signal.addEventListener('abort', aborted, { once: true });
        if (signal.aborted) aborted();
        waiting.push(() => {
          signal.removeEventListener('abort', aborted);
          resolve();
        });
      });
    },
    close() {
      clearInterval(timer);
      waiting = [];
    },
  };
}
