import { describe, expect, it } from 'vitest';
import { createQuarantine } from './quarantine.js';

const minutes = 60_000;

/** How long an address waits after evictions at these times, from the last one on. */
function waitAfter(...times: number[]): number | undefined {
  const quarantine = createQuarantine();
  for (const time of times) quarantine.evicted(time, 'a');
  const until = quarantine.until.get('a');
  return until === undefined ? undefined : until - (times.at(-1) as number);
}

describe('the quarantine', () => {
  it('begins with the third eviction', () => {
    expect(waitAfter(0)).toBeUndefined();
    expect(waitAfter(0, 1)).toBeUndefined();
    expect(waitAfter(0, 1, 2)).toBe(30_000);
  });

  it('doubles with each further one, up to ten minutes', () => {
    const times = Array.from({ length: 12 }, (_, i) => i);
    const waits = [3, 4, 5, 6, 7, 8, 9, 12].map((count) => waitAfter(...times.slice(0, count)));
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
  });

  it('forgets evictions after ten minutes', () => {
    expect(waitAfter(0, 5 * minutes, 10 * minutes - 1)).toBe(30_000);
    expect(waitAfter(0, 5 * minutes, 10 * minutes)).toBeUndefined();
  });

  it('is for one address, not for others', () => {
    const quarantine = createQuarantine();
    for (const address of ['a', 'b', 'a', 'c', 'a']) quarantine.evicted(7, address);
    expect([...quarantine.until]).toEqual([['a', 30_007]]);
  });

  it('remembers a bounded number of addresses: the one that was evicted longest ago goes first', () => {
    const quarantine = createQuarantine();
    for (let i = 0; i < 3; i++) for (const address of ['a', 'b']) quarantine.evicted(i, address);
    for (let i = 0; i < 9_998; i++) quarantine.evicted(3, `x${i}`);
    quarantine.evicted(4, 'a');
    expect([...quarantine.until.keys()].sort()).toEqual(['a', 'b']);
    quarantine.evicted(5, 'y');
    expect([...quarantine.until.keys()]).toEqual(['a']);
    // Nothing is known of b any more.
    quarantine.evicted(6, 'b');
    expect([...quarantine.until.keys()]).toEqual(['a']);
  });
});
