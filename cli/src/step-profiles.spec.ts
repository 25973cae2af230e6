import { describe, expect, it } from 'vitest';
import { median, stepsFromLog, summaryOfProfiles, type StepLine } from './step-profiles.js';

const ms = (reduce: number, graph: number) => ({
  step: reduce + graph + 4,
  trace: 1,
  graph,
  copy: 1,
  adam: 1,
  reduce,
  other: 1,
});

/** A trainer that computes for `graph` ms a step and waits for `reduce`, on half a CPU after a busy first step. */
const linesOf = (graph: number, reduce: number): StepLine[] =>
  [1, 2, 3, 4].map((step) => ({
    step,
    ms: step === 1 ? ms(9_999, 9_999) : ms(reduce, graph + step),
    cpuSeconds: 5 + 0.05 * step,
    atMs: 1_000 + 100 * step,
  }));

describe('stepsFromLog', () => {
  it('takes the steps from among other lines', () => {
    const { atMs, ...line } = linesOf(50, 0)[1] as StepLine;
    const time = new Date(atMs).toISOString();
    const log = [
      JSON.stringify({ level: 30, time, msg: 'joined', step: 'no' }),
      JSON.stringify({ level: 20, time, ...line, msg: 'step' }),
      '',
    ];
    expect(stepsFromLog(log.join('\n'))).toEqual([{ ...line, atMs }]);
  });
});

describe('summaryOfProfiles', () => {
  it('has the medians of the trainer that waits least, and the CPUs of all, without the first steps', () => {
    const summary = summaryOfProfiles([linesOf(50, 30), linesOf(80, 2)], 1);
    expect(summary.slowest).toBe(1);
    expect(summary.ms).toEqual(ms(2, 83));
    expect(summary.cpus.map((cpus) => cpus.toFixed(6))).toEqual(['0.500000', '0.500000']);
  });
});

describe('median', () => {
  it('is the middle value, or the mean of two', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  });
});
