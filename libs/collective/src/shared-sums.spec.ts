import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createSharedMemory,
  openPeerSums,
  type PeerSums,
  type SharedMemory,
  type SharedSums,
} from './shared-sums.js';
import { awkwardFloats, bitsOf } from './testing.js';

const layout = { lengths: [10, 7], roots: 2 };
const at = (step: number) => ({ step, phase: 0 });

let folder: string;
const closing: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shared-sums-'));
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(folder, { recursive: true });
});

function pair(): { memory: SharedMemory; sums: SharedSums; peer: PeerSums } {
  const memory = createSharedMemory(folder);
  const sums = memory.sums(layout) as SharedSums;
  const peer = openPeerSums(sums.address, layout) as PeerSums;
  closing.push(
    () => memory.close(),
    () => peer.close(),
  );
  return { memory, sums, peer };
}

describe('shared sums', () => {
  it('give back, to the bit, what was put into every range of every array', () => {
    const { sums, peer } = pair();
    const places = [0, 1].flatMap((phase) =>
      [0, 1, undefined].flatMap((root) => [0, 4].map((start) => ({ phase, root, start }))),
    );
    const valuesOf = (i: number): Float32Array => awkwardFloats(3, i);
    places.forEach((place, i) => expect(sums.put(at(1), place, valuesOf(i))).toBe(true));
    places.forEach((place, i) => {
      const target = new Float32Array(new SharedArrayBuffer(12));
      peer.read(place, target);
      expect(bitsOf(Float32Array.from(target))).toEqual(bitsOf(valuesOf(i)));
    });
  });

  it('are written once a step', () => {
    const { sums, peer } = pair();
    const place = { phase: 1, root: undefined, start: 2 };
    const seen = (): number => {
      const target = new Float32Array(1);
      peer.read(place, target);
      return target[0] as number;
    };
    sums.put(at(1), place, Float32Array.of(1));
    sums.put(at(1), place, Float32Array.of(2));
    expect(seen()).toBe(1);
    sums.put(at(2), place, Float32Array.of(2));
    expect(seen()).toBe(2);
  });

  it('keep bytes of a state behind them, until nobody wants these any more', () => {
    const { sums, peer } = pair();
    const place = { phase: 1, root: undefined, start: 0 };
    const bytes = Uint8Array.from({ length: 11 }, (_, i) => i + 1);
    expect(sums.put(at(1), place, awkwardFloats(7, 1))).toBe(true);
    expect(sums.putState(4, bytes)).toBe(true);
    const target = new Uint8Array(new SharedArrayBuffer(11));
    peer.readState(4, target);
    expect([...target]).toEqual([...bytes]);
    sums.dropState();
    expect(() => peer.readState(4, target)).toThrow('sums end at byte');
    const values = new Float32Array(7);
    peer.read(place, values);
    expect(bitsOf(values)).toEqual(bitsOf(awkwardFloats(7, 1)));
  });

  it("take the place of another generation's, of which nothing can be read or written any more", () => {
    const { memory, sums: before, peer: late } = pair();
    const place = { phase: 0, root: 0, start: 0 };
    before.put(at(1), place, Float32Array.of(5));
    const now = memory.sums({ lengths: [3], roots: 1 }) as SharedSums;
    const peer = openPeerSums(now.address, { lengths: [3], roots: 1 }) as PeerSums;
    closing.push(() => peer.close());
    expect(now.address.fd).toBe(before.address.fd);
    expect(now.put(at(1), place, Float32Array.of(6))).toBe(true);
    expect(before.put(at(2), place, Float32Array.of(7))).toBe(false);
    expect(before.putState(0, Uint8Array.of(7))).toBe(false);
    before.dropState();
    const target = new Float32Array(1);
    peer.read(place, target);
    expect(target[0]).toBe(6);
    expect(() => late.read(place, target)).toThrow(expect.objectContaining({ code: 'fenced' }) as Error);
    expect(openPeerSums(before.address, layout)).toBeUndefined();
  });

  it('leave no file behind, even while they are open', () => {
    pair();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('can be read after their owner is gone', () => {
    const memory = createSharedMemory(folder);
    const sums = memory.sums(layout) as SharedSums;
    const peer = openPeerSums(sums.address, layout) as PeerSums;
    closing.push(() => peer.close());
    const place = { phase: 0, root: 1, start: 0 };
    sums.put(at(1), place, Float32Array.of(5));
    memory.close();
    const target = new Float32Array(1);
    peer.read(place, target);
    expect(target[0]).toBe(5);
  });

  it('refuse to be read where nothing was put', () => {
    const { peer } = pair();
    expect(() => peer.read({ phase: 1, root: 0, start: 0 }, new Float32Array(1))).toThrow(
      expect.objectContaining({ code: 'protocol' }) as Error,
    );
  });

  it('are not made where there is no such folder', () => {
    const memory = createSharedMemory(join(folder, 'missing'));
    expect(memory.sums(layout)).toBeUndefined();
    memory.close();
  });

  it('say when something could not be written', () => {
    const { sums } = pair();
    sums.close();
    expect(sums.put(at(1), { phase: 0, root: 0, start: 0 }, Float32Array.of(1))).toBe(false);
  });

  it('are neither read nor written once they are closed, whatever their file numbers stand for then', () => {
    const memory = createSharedMemory(folder);
    const sums = memory.sums(layout) as SharedSums;
    const peer = openPeerSums(sums.address, layout) as PeerSums;
    const place = { phase: 0, root: 0, start: 0 };
    sums.put(at(1), place, Float32Array.of(5));
    memory.close();
    peer.close();
    const file = join(folder, 'other');
    writeFileSync(file, Buffer.alloc(100));
    const reused = [openSync(file, 'r+'), openSync(file, 'r+')];
    closing.push(() => reused.forEach((fd) => closeSync(fd)));
    expect(sums.put(at(2), place, Float32Array.of(1))).toBe(false);
    expect(() => peer.read(place, new Float32Array(1))).toThrow(
      expect.objectContaining({ code: 'cancelled' }) as Error,
    );
    expect(readFileSync(file)).toEqual(Buffer.alloc(100));
  });

  it('are not taken from an address that is of another host: no process, no file, or another token', () => {
    const { sums } = pair();
    const file = join(folder, 'other');
    writeFileSync(file, Buffer.alloc(100));
    const fd = openSync(file, 'r');
    closing.push(() => closeSync(fd));
    for (const change of [
      { pid: 0 },
      { pid: 2 ** 31 - 1 },
      { fd: 999_999 },
      { fd },
      { token: Buffer.alloc(32) },
    ]) {
      expect(openPeerSums({ ...sums.address, ...change }, layout)).toBeUndefined();
    }
    expect(openPeerSums({ ...sums.address, token: Buffer.alloc(0) }, layout)).toBeUndefined();
  });
});
