import { GanTrainError } from '@gan-train/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retry, type RetryOptions } from './retry.js';

beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const failing = (code: GanTrainError['code']): GanTrainError => new GanTrainError(code, `it is ${code}`);

/** Attempts that end like this, one after the other; pauses are nothing. */
async function attempts(ends: readonly (GanTrainError | number)[], change: Partial<RetryOptions> = {}) {
  const told: string[] = [];
  let tries = 0;
  const attempt = async (): Promise<number> => {
    const end = ends[Math.min(tries++, ends.length - 1)] as GanTrainError | number;
    return typeof end === 'number' ? Promise.resolve(end) : Promise.reject(end);
  };
  const outcome = await retry(attempt, {
    what: 'doing it',
    deadline: 1_000,
    signal: new AbortController().signal,
    passing: ['trainer_lost', 'timeout'],
    firstBackoffMs: 0,
    longestBackoffMs: 0,
    onFailure: ({ code }) => told.push(code),
    ...change,
  }).catch((error: unknown) => error);
  return { outcome, tries, told };
}

describe('retry', () => {
  it('tries until it succeeds, and tells of each attempt that is followed by another', async () => {
    expect(await attempts([failing('trainer_lost'), failing('timeout'), 7])).toEqual({
      outcome: 7,
      tries: 3,
      told: ['trainer_lost', 'timeout'],
    });
  });

  it('tells of nothing when the first attempt succeeds', async () => {
    expect(await attempts([7])).toEqual({ outcome: 7, tries: 1, told: [] });
  });

  it('ends with an error that does not pass, and does not tell of it', async () => {
    const { outcome, tries, told } = await attempts([failing('trainer_lost'), failing('fenced'), 7]);
    expect(outcome).toMatchObject({ code: 'fenced', what: 'doing it: it is fenced' });
    expect([tries, told]).toEqual([2, ['trainer_lost']]);
  });

  it('ends with the last error when another attempt would come after the deadline', async () => {
    const late = await attempts([failing('timeout'), 7], { deadline: -1 });
    expect(late.outcome).toMatchObject({ code: 'timeout', what: 'doing it: it is timeout' });
    expect([late.tries, late.told]).toEqual([1, []]);
    const pausing = await attempts([failing('timeout'), 7], { deadline: 10, firstBackoffMs: 11 });
    expect(pausing.tries).toBe(1);
  });

  it('ends as cancelled when nobody waits for it: before, while it tries, or in a pause', async () => {
    const aborted = new AbortController();
    aborted.abort();
    const before = await attempts([7], { signal: aborted.signal });
    expect(before).toMatchObject({ tries: 0, outcome: { code: 'cancelled' } });
    const pausing = new AbortController();
    const during = await attempts([failing('timeout')], {
      signal: pausing.signal,
      deadline: 1e9,
      firstBackoffMs: 1e8,
      longestBackoffMs: 1e8,
      // Told of just before the pause, which ends with the abort.
      onFailure: () => queueMicrotask(() => pausing.abort()),
    });
    expect(during).toMatchObject({ tries: 1, outcome: { code: 'cancelled' } });
    const trying = new AbortController();
    const told: string[] = [];
    const outcome = retry(
      async () => {
        trying.abort();
        return Promise.reject(failing('timeout'));
      },
      {
        what: 'doing it',
        deadline: 1e9,
        signal: trying.signal,
        passing: ['timeout'],
        firstBackoffMs: 0,
        longestBackoffMs: 0,
        onFailure: ({ code }) => told.push(code),
      },
    );
    await expect(outcome).rejects.toMatchObject({ code: 'cancelled' });
    expect(told).toEqual([]);
  });
});
