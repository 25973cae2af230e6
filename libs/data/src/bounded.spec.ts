import { describe, expect, it } from 'vitest';
import { decodeWidth, forEachBounded } from './bounded.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('forEachBounded', () => {
  it('comes by every index once, with no more than the width at work', async () => {
    const seen: number[] = [];
    let working = 0;
    let most = 0;
    await forEachBounded(50, async (index) => {
      most = Math.max(most, ++working);
      await nextTurn();
      seen.push(index);
      working -= 1;
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(most).toBe(decodeWidth);
  });

  it('begins nothing after a failure, and ends when nothing is at work', async () => {
    let begun = 0;
    let ended = 0;
    const all = forEachBounded(50, async (index) => {
      begun += 1;
      if (index === 0) throw new Error('no');
      await nextTurn();
      ended += 1;
    });
    await expect(all).rejects.toThrow('no');
    expect(begun).toBeLessThanOrEqual(decodeWidth);
    expect(ended).toBe(begun - 1);
  });

  it('has nothing to do for none', async () => {
    await forEachBounded(0, () => Promise.reject(new Error('no')));
  });
});
