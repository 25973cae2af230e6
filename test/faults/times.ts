import { appendFileSync } from 'node:fs';
import { logLines, type TestCluster } from '../support/index.js';

/** Where `npm run test:faults` gathers what its tests have measured. */
const file = process.env.GAN_TRAIN_FAULT_TIMES;

/** From the moment at which a fault began. */
export interface FaultTimes {
  fault: string;
  /** Until the coordinator closed the generation, or said what else it had noticed; undefined when there was nothing to notice. */
  noticedMs: number | undefined;
  /** Until the first row after that, of the next generation where one was closed. */
  nextStepMs: number;
}

/** A line of a log. */
type Line = Record<string, unknown>;

const timeOf = ({ time }: Line): number => Date.parse(String(time));

/**
 * Begins a fault, and returns how to tell, once the run goes on, how long it took: by the coordinator's clock, which is this one.
 * `noticed` is the line that says so when no generation was closed.
 */
export function beginFault<T>(
  cluster: TestCluster,
  fault: string,
  begin: () => T,
): { begun: T; times: (noticed?: Line) => Promise<void> } {
  const startMs = Date.now();
  const begun = begin();
  return {
    begun,
    times: async (noticed) => {
      const times = await measure(cluster, fault, startMs, noticed);
      if (file === undefined) console.log(times);
      else appendFileSync(file, `${JSON.stringify(times)}\n`);
    },
  };
}

async function measure(
  cluster: TestCluster,
  fault: string,
  startMs: number,
  noticed: Line | undefined,
): Promise<FaultTimes> {
  const atMs = (seconds: number): number => Math.round(1_000 * seconds);
  const lines = await logLines(cluster.directory, 'coordinator.log');
  const closed = lines.find((line) => line.msg === 'generation closed' && timeOf(line) >= startMs);
  const after = (timeMs: number, has: 'generation' | 'row'): number =>
    atMs(cluster.reported.find((event) => event[has] && atMs(event.time) >= timeMs)?.time ?? NaN);
  const saidMs = timeOf(closed ?? noticed ?? {});
  const againMs = closed === undefined ? saidMs : after(saidMs, 'generation');
  return {
    fault,
    noticedMs: Number.isNaN(saidMs) ? undefined : saidMs - startMs,
    nextStepMs: after(Number.isNaN(againMs) ? startMs : againMs, 'row') - startMs,
  };
}
