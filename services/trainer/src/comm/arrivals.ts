import { GanTrainError } from '@gan-train/service';

/** Which buckets of a phase are reduced, for who takes them in order. */
export interface Arrivals {
  /** From now on they are those of this step. */
  begin(step: number): void;
  note(bucket: number): void;
  /** Whoever waits gets this error, and whoever asks until the next `begin`. */
  fail(error: GanTrainError): void;
  /** Resolves with the number of buckets without a gap from the first, once it is more than `count`. */
  beyond(step: number, count: number): Promise<number>;
}

export function createArrivals(): Arrivals {
  let current = 0;
  let failure: GanTrainError | undefined;
  let arrived = new Set<number>();
  let leading = 0;
  const wake: (() => void)[] = [];
  const changed = (): void => {
    for (const resolve of wake.splice(0)) resolve();
  };
  return {
    begin(step) {
      current = step;
      failure = undefined;
      arrived = new Set();
      leading = 0;
    },
    note(bucket) {
      arrived.add(bucket);
      while (arrived.has(leading)) leading++;
      changed();
    },
    fail(error) {
      failure = error;
      changed();
    },
    async beyond(step, count) {
      for (;;) {
        // The generation that reduced it is over.
        if (step !== current) throw new GanTrainError('cancelled', `step ${step} is not being reduced`);
        if (failure !== undefined) throw failure;
        if (leading > count) return leading;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
  };
}
