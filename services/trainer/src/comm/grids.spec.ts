import type { Logger } from '@gan-train/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPendingGrids, type Grid, type PendingGrids } from './grids.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const grid = (step: number): Grid => ({ step, images: 4, pixels: Uint8Array.of(step) });

/** Grids whose calls to the coordinator end when `answer` says so. */
function pendingGrids() {
  const calls: { step: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const log = { debug: () => undefined } as unknown as Logger;
  const grids = createPendingGrids(
    async ({ step }) => new Promise<void>((resolve, reject) => calls.push({ step, resolve, reject })),
    log,
  );
  return {
    grids,
    sent: () => calls.map(({ step }) => step),
    answer: async (at: number, error?: Error) => {
      if (error) calls[at]?.reject(error);
      else calls[at]?.resolve();
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

async function isStored(grids: PendingGrids, signal = new AbortController().signal): Promise<boolean> {
  let is = false;
  void grids.allStored(signal).then(
    () => (is = true),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(0);
  return is;
}

describe('grids that are not known to be stored', () => {
  it('are sent at once by the one that sends, and after a while by the others', async () => {
    const { grids, sent } = pendingGrids();
    grids.add(grid(1), true);
    grids.add(grid(2), false);
    expect(sent()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(sent()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent()).toEqual([1, 2]);
    grids.close();
  });

  it('are not sent by the others when they were stored meanwhile; in which order is all the same', async () => {
    const { grids, sent } = pendingGrids();
    for (const step of [1, 2, 3]) grids.add(grid(step), false);
    grids.stored(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent()).toEqual([1, 3]);
    grids.close();
  });

  it('are sent again when that fails, and never twice at a time', async () => {
    const { grids, sent, answer } = pendingGrids();
    grids.add(grid(1), true);
    grids.flush();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual([1]);
    await answer(0, new Error('the connection broke'));
    expect(await isStored(grids)).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent()).toEqual([1, 1]);
    await answer(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual([1, 1]);
    expect(await isStored(grids)).toBe(true);
    grids.close();
  });

  it('are sent at once when this member may not come to it later', () => {
    const { grids, sent } = pendingGrids();
    for (const step of [1, 2]) grids.add(grid(step), false);
    grids.flush();
    expect(sent()).toEqual([1, 2]);
    grids.close();
  });

  it('are forgotten when their steps are computed again, and those are sent', async () => {
    const { grids, sent } = pendingGrids();
    for (const step of [1, 2, 3]) grids.add(grid(step), false);
    grids.forgetAfter(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent()).toEqual([1]);
    grids.add(grid(2), true);
    expect(sent()).toEqual([1, 2]);
    grids.close();
  });

  it('are waited for until all are stored', async () => {
    const { grids, answer } = pendingGrids();
    expect(await isStored(grids)).toBe(true);
    for (const step of [1, 2]) grids.add(grid(step), true);
    const signal = new AbortController().signal;
    let isOver = false;
    const waiting = grids.allStored(signal).then(() => (isOver = true));
    await answer(0);
    expect(isOver).toBe(false);
    await answer(1);
    await waiting;
    grids.close();
  });

  it('settle when those up to a step are no longer on their way, stored or not', async () => {
    const { grids, answer } = pendingGrids();
    for (const step of [1, 2, 3]) grids.add(grid(step), step !== 2);
    let isOver = false;
    const waiting = grids.settled(2).then(() => (isOver = true));
    await answer(1);
    expect(isOver).toBe(false);
    await answer(0, new Error('the connection broke'));
    await waiting;
    await grids.settled(3);
    grids.close();
  });

  it('are so many at most: who makes more waits until one is stored', async () => {
    const { grids } = pendingGrids();
    const { signal } = new AbortController();
    for (let step = 1; step < 64; step++) grids.add(grid(step), false);
    await grids.room(signal);
    grids.add(grid(64), false);
    let isOver = false;
    const waiting = grids.room(signal).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(false);
    grids.stored(7);
    await waiting;
    grids.close();
  });

  it('are not waited for when the generation ends, before or meanwhile', async () => {
    const { grids } = pendingGrids();
    grids.add(grid(1), false);
    const closed = new AbortController();
    const waiting = grids.allStored(closed.signal);
    closed.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(grids.allStored(closed.signal)).rejects.toMatchObject({ code: 'cancelled' });
    grids.close();
  });

  it('are not sent any more once that is over', async () => {
    const { grids, sent } = pendingGrids();
    grids.add(grid(1), false);
    grids.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
