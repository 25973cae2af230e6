import { describe, expect, it } from 'vitest';
import { createSharedWork } from './shared-work.js';

/** Work of which each turn ends when the test says so. */
function slowWork() {
  const turns: { end: () => void; fail: (error: Error) => void }[] = [];
  const ask = createSharedWork(
    async () => new Promise<void>((resolve, reject) => turns.push({ end: resolve, fail: reject })),
  );
  return { turns, ask };
}

const others = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('work that is shared', () => {
  it('is done once more for all who ask while it is done, however many they are', async () => {
    const { turns, ask } = slowWork();
    const first = ask();
    const later = Array.from({ length: 1_000 }, async () => ask());
    await others();
    expect(turns).toHaveLength(1);
    turns[0]?.end();
    await first;
    await others();
    expect(turns).toHaveLength(2);
    turns[1]?.end();
    await Promise.all(later);
    expect(turns).toHaveLength(2);
  });

  it('is done anew for who asks later, and a failure is told to those who shared it', async () => {
    const { turns, ask } = slowWork();
    const first = ask();
    const second = ask();
    turns[0]?.fail(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    await others();
    turns[1]?.end();
    await second;
    const third = ask();
    turns[2]?.end();
    await third;
    expect(turns).toHaveLength(3);
  });
});
