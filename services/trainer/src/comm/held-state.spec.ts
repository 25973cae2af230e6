import { chunkBytes, decodeChunk } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import type { StateSnapshot } from '../comm-calls.js';
import { createHeldState, type HeldState } from './held-state.js';

const request = { runId: 'run-1', generation: { term: 2, n: 5 } };
const state = { generation: { term: 1, n: 4 }, position: { step: 9, phase: 0 } };
const row = { step: 9, dLoss: 1, gLoss: 0, dReal: 0.5, dFake: 0.5, imagesPerSecond: 0, skippedPhases: 0 };

function snapshotOf(bytes: number, change: Partial<StateSnapshot> = {}): StateSnapshot {
  const data = new SharedArrayBuffer(bytes);
  new Uint8Array(data).forEach((_, i, all) => (all[i] = i % 251));
  return {
    purpose: 'CHECKPOINT',
    state,
    updates: { generator: 7, discriminator: 8 },
    row,
    skippedInRow: 2,
    tensors: [{ name: 'generator/a', shape: [bytes / 4] }],
    data,
    start: 0,
    ...change,
  };
}

async function bytesOf(held: HeldState, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let seen = 0;
  for await (const chunk of held.slices(start, end)) {
    const { offset, payload } = decodeChunk(chunk);
    expect(payload.length).toBeLessThanOrEqual(chunkBytes);
    bytes.set(payload, offset);
    seen += payload.length;
  }
  expect(seen).toBe(bytes.length);
  return bytes;
}

const holding = (bytes: number) => {
  const closed = new AbortController();
  const held = createHeldState(closed.signal);
  const snapshot = snapshotOf(bytes);
  held.hold(snapshot);
  return { closed, held, snapshot };
};

describe('the state that a member holds for others', () => {
  it('is described as it is, with the generation that asks', async () => {
    const { held } = holding(16);
    expect(await held.describe(request)).toEqual({
      ...request,
      purpose: 'CHECKPOINT',
      state,
      tensors: [{ name: 'generator/a', shape: [4] }],
      generatorUpdates: 7,
      discriminatorUpdates: 8,
      skippedInRow: 2,
      row,
    });
  });

  it('is waited for by those that ask before it is there', async () => {
    const held = createHeldState(new AbortController().signal);
    const described = held.describe(request);
    const bytes = bytesOf(held, 0, 8);
    held.hold(snapshotOf(8, { row: undefined }));
    expect(await described).not.toHaveProperty('row');
    expect(await bytes).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  });

  it.each([
    ['all', 0, 3],
    ['a part', 1, 2],
    ['nothing', 2, 2],
  ])('comes in pieces that are as the bytes are: %s', async (_what, from, to) => {
    const third = Math.floor(chunkBytes / 4) * 4 + 4;
    const { held, snapshot } = holding(3 * third);
    const bytes = await bytesOf(held, from * third, to * third);
    expect(Buffer.compare(bytes, new Uint8Array(snapshot.data).slice(from * third, to * third))).toBe(0);
  });

  it.each([
    [8, 4],
    [0, 20],
    [2, 8],
    [0, 7],
  ])('has no bytes %i to %i', async (start, end) => {
    const { held } = holding(16);
    await expect(bytesOf(held, start, end)).rejects.toMatchObject({
      code: 'protocol',
      what: `there are no bytes ${start} to ${end} in a slice from 0 to 16`,
    });
  });

  it('may be a slice, of which nothing beyond can be had', async () => {
    const held = createHeldState(new AbortController().signal);
    held.hold(snapshotOf(16, { start: 8 }));
    expect(await bytesOf(held, 12, 20)).toEqual(Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11));
    for (const [start, end] of [
      [4, 12],
      [20, 28],
    ] as const)
      await expect(bytesOf(held, start, end)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('lies where the caller looks for it, if there is room', async () => {
    const { held } = holding(16);
    const puts: [number, number[]][] = [];
    const slicesOf = async (hasRoom: boolean): Promise<[number, number][]> => {
      const chunks: [number, number][] = [];
      const put = (start: number, bytes: Uint8Array): boolean => {
        puts.push([start, [...bytes]]);
        return hasRoom;
      };
      for await (const chunk of held.slices(4, 12, put)) {
        const { offset, payload } = decodeChunk(chunk);
        chunks.push([offset, payload.length]);
      }
      return chunks;
    };
    expect(await slicesOf(true)).toEqual([[8, 0]]);
    expect(await slicesOf(false)).toEqual([[0, 8]]);
    expect(puts).toEqual([
      [4, [4, 5, 6, 7, 8, 9, 10, 11]],
      [4, [4, 5, 6, 7, 8, 9, 10, 11]],
    ]);
  });

  it.each(['release', 'close'] as const)('is not to be had any more after %s', async (end) => {
    const { held } = holding(16);
    held[end]();
    await expect(held.describe(request)).rejects.toMatchObject({ code: 'fenced' });
    await expect(bytesOf(held, 0, 16)).rejects.toMatchObject({ code: 'fenced' });
    // Nor is one that comes too late.
    held.hold(snapshotOf(16));
    await expect(held.describe(request)).rejects.toMatchObject({ code: 'fenced' });
  });

  it('that does not come is told to those that wait', async () => {
    const held = createHeldState(new AbortController().signal);
    const described = held.describe(request);
    held.close();
    await expect(described).rejects.toMatchObject({ code: 'fenced' });
  });

  it('is cut off when the generation ends', async () => {
    const { held, closed } = holding(3 * chunkBytes);
    const slices = held.slices(0, 3 * chunkBytes);
    expect((await slices.next()).done).toBe(false);
    closed.abort();
    await expect(slices.next()).rejects.toMatchObject({ code: 'fenced' });
  });
});
