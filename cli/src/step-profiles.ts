import { stepMessage, type StepMs } from '@gan-train/trainer/profile';

/** What a trainer logged at the end of a step. */
export interface StepLine {
  step: number;
  ms: StepMs;
  /** CPU time of the process until then. */
  cpuSeconds: number;
  /** When, in milliseconds. */
  atMs: number;
}

/** The steps in a trainer's log, in order. */
export function stepsFromLog(log: string): StepLine[] {
  return log
    .split('\n')
    .filter((line) => line.includes(`"msg":"${stepMessage}"`))
    .map((line) => {
      const { time, ...rest } = JSON.parse(line) as Omit<StepLine, 'atMs'> & { time: string };
      return { step: rest.step, ms: rest.ms, cpuSeconds: rest.cpuSeconds, atMs: Date.parse(time) };
    });
}

/**
 * Of each trainer's steps after `warmUpSteps`: the CPUs that its process had; and of the slowest trainer, the one that waits least
 * for the others, the median milliseconds of each part of a step.
 */
export function summaryOfProfiles(
  trainers: readonly (readonly StepLine[])[],
  warmUpSteps: number,
): { slowest: number; ms: StepMs; cpus: number[] } {
  const profiles = trainers.map((lines) =>
    lines.filter(({ step }) => step > warmUpSteps).map(({ ms }) => ms),
  );
  const medians = profiles.map(mediansOfParts);
  const waits = medians.map(({ reduce }) => reduce);
  const slowest = waits.indexOf(Math.min(...waits));
  const cpus = trainers.map((lines) => {
    const [first, last] = [lines.find(({ step }) => step === warmUpSteps), lines.at(-1)];
    if (first === undefined || last === undefined) return NaN;
    return (1000 * (last.cpuSeconds - first.cpuSeconds)) / (last.atMs - first.atMs);
  });
  return { slowest, ms: medians[slowest] as StepMs, cpus };
}

function mediansOfParts(steps: readonly StepMs[]): StepMs {
  const parts = Object.keys(steps[0] ?? {}) as (keyof StepMs)[];
  return Object.fromEntries(parts.map((part) => [part, median(steps.map((ms) => ms[part]))])) as StepMs;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
