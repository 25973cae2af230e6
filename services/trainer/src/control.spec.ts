import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Triple } from '@gan-train/rpc';
import { controlFromBuffer, createControlBuffer, type Control } from './control.js';

const triple = (step: number, phase = 1): Triple => ({
  generation: { term: 1, n: 2 },
  position: { step, phase },
});

/** The control as both threads of a trainer see it. */
function twoSides(): { compute: Control; comm: Control } {
  const buffer = createControlBuffer();
  return { compute: controlFromBuffer(buffer), comm: controlFromBuffer(buffer) };
}

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

describe('the control of a trainer', () => {
  it('shows both threads the same progress, stop and committed triple', () => {
    const { compute, comm } = twoSides();
    expect(comm.progress()).toEqual({ step: 0, phase: 0, activity: 'IDLE', shardsDone: 0 });
    compute.report({ step: 3, phase: 1, activity: 'WAITING_PEER', shardsDone: 2 });
    expect(comm.progress()).toEqual({ step: 3, phase: 1, activity: 'WAITING_PEER', shardsDone: 2 });
    compute.setCommitted(triple(9));
    expect(comm.committed()).toEqual(triple(9));
    expect(compute.stopRequested()).toBe(false);
    comm.requestStop();
    expect(compute.stopRequested()).toBe(true);
  });

  it('commits while the generation is open, as one move with the triple', () => {
    const { compute, comm } = twoSides();
    compute.openGeneration();
    let flips = 0;
    expect(compute.commit(triple(1), () => flips++)).toBe(true);
    expect(compute.commit(triple(2), () => flips++)).toBe(true);
    expect([flips, comm.isOpen(), comm.committed()]).toEqual([2, true, triple(2)]);
  });

  it('commits nothing before a generation is opened, nor after it is closed', () => {
    const { compute, comm } = twoSides();
    const flip = (): void => expect.unreachable();
    expect(compute.commit(triple(1), flip)).toBe(false);
    compute.openGeneration();
    expect(compute.commit(triple(2), () => undefined)).toBe(true);
    comm.closeGeneration();
    expect(compute.commit(triple(3), flip)).toBe(false);
    expect(comm.committed()).toEqual(triple(2));
    // Closing again, or what is not open, is nothing.
    comm.closeGeneration();
    expect(comm.isOpen()).toBe(false);
  });

  it('can be opened again for the next generation', () => {
    const { compute, comm } = twoSides();
    compute.openGeneration();
    comm.closeGeneration();
    compute.openGeneration();
    expect(compute.commit(triple(4), () => undefined)).toBe(true);
  });
});

describe('closing a generation from another thread', () => {
  /** Commits as fast as it goes: word 0 counts flips begun, word 1 flips done, until it is refused. */
  const committer = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ controlFromBuffer }) => {
      const control = controlFromBuffer(workerData.control);
      const flips = new Int32Array(workerData.flips);
      control.openGeneration();
      parentPort.postMessage('open');
      for (let step = 1; ; step++) {
        const committed = control.commit({ generation: { term: 1, n: 1 }, position: { step, phase: 1 } }, () => {
          Atomics.add(flips, 0, 1);
          const until = step % 50;
          for (let spin = 0; spin < until; spin++) Atomics.load(flips, 1);
          Atomics.add(flips, 1, 1);
        });
        if (!committed) break;
      }
      parentPort.postMessage('closed');
    });`;

  it('waits out a flip that is under way; afterwards nothing commits', async () => {
    // What runs in a worker is the built file.
    const module = new URL('../dist/control.js', import.meta.url).href;
    for (let round = 0; round < 8; round++) {
      const control = controlFromBuffer(createControlBuffer());
      const flips = new Int32Array(new SharedArrayBuffer(8));
      const workerData = { module, control: control.buffer, flips: flips.buffer };
      const worker = new Worker(committer, { eval: true, workerData });
      workers.push(worker);
      await once(worker, 'message');
      while (Atomics.load(flips, 1) < 1000 + 37 * round);
      control.closeGeneration();
      const atClose = [Atomics.load(flips, 0), Atomics.load(flips, 1), control.committed().position.step];
      await once(worker, 'message');
      // No flip was half done, the triple belongs to the last one, and none came after.
      expect(new Set(atClose).size).toBe(1);
      expect([Atomics.load(flips, 0), Atomics.load(flips, 1)]).toEqual(atClose.slice(0, 2));
      expect(control.committed().position.step).toBe(atClose[2]);
    }
  });
});
