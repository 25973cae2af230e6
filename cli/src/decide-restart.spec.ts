import { describe, expect, it } from 'vitest';
import { decideRestart } from './decide-restart.js';

const minutes = 60_000;

describe('a process that ended', () => {
  it('is started again, ever more slowly, up to five times', () => {
    const ends = [0, 1, 2, 3, 4, 5];
    const delays = ends.map((_, i) => decideRestart(ends.slice(0, i + 1)));
    expect(delays).toEqual([200, 400, 800, 1_600, 3_200, undefined]);
  });

  it('may end again once its earlier ends are ten minutes ago', () => {
    const ends = [0, 1, 2, 3, 4];
    expect(decideRestart([...ends, 10 * minutes - 1])).toBeUndefined();
    expect(decideRestart([...ends, 10 * minutes])).toBe(3_200);
    expect(decideRestart([...ends, 20 * minutes])).toBe(200);
  });

  it('may be allowed to end more often: the wait stays bounded', () => {
    const ends = Array.from({ length: 40 }, (_, i) => i);
    expect(decideRestart(ends, 40)).toBe(3_200);
    expect(decideRestart([...ends, 41], 40)).toBeUndefined();
  });

  it('may come from any clock', () => {
    expect(decideRestart([-5 * minutes, -4 * minutes])).toBe(400);
  });
});
