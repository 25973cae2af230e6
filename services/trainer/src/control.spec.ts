import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { LossRow, Triple } from '@gan-train/rpc';
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

const rowOf = (step: number): LossRow => ({
  step,
  dLoss: step + 0.1,
  gLoss: step + 0.2,
  dReal: step + 0.3,
  dFake: step + 0.4,
  imagesPerSecond: step + 0.5,
  skippedPhases: step % 2,
});

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

describe('the control of a trainer', () => {
  it('shows both threads the same progress, speed and committed triple', () => {
    const { compute, comm } = twoSides();
    expect(comm.progress()).toEqual({ step: 0, phase: 0, activity: 'IDLE', shardsDone: 0 });
    compute.report({ step: 3, phase: 1, activity: 'WAITING_PEER', shardsDone: 2 });
    expect(comm.progress()).toEqual({ step: 3, phase: 1, activity: 'WAITING_PEER', shardsDone: 2 });
    compute.setCommitted(triple(9));
    expect(comm.committed()).toEqual(triple(9));
    expect(comm.shardSeconds()).toBe(0);
    compute.reportShard(0.25);
    expect(comm.shardSeconds()).toBe(0.25);
  });

  it.each(['HEALING', 'COMPILING', 'WAITING_DATA', 'COMPUTING'] as const)(
    'shows that it is %s',
    (activity) => {
      const { compute, comm } = twoSides();
      compute.report({ step: 1, phase: 0, activity, shardsDone: 0 });
      expect(comm.progress().activity).toBe(activity);
    },
  );

  it('shows a shard that took longer than the word has room for as very long', () => {
    const { compute, comm } = twoSides();
    compute.reportShard(1e9);
    expect(comm.shardSeconds()).toBeGreaterThan(2000);
  });

  it('keeps the wish to stop for good, and the wish to pause for one generation', () => {
    const { compute, comm } = twoSides();
    expect([compute.stopWished(), compute.pauseWished()]).toEqual([false, false]);
    comm.openGeneration(1);
    comm.wishPause();
    comm.wishStop();
    expect([compute.stopWished(), compute.pauseWished()]).toEqual([true, true]);
    comm.closeGeneration();
    comm.openGeneration(2);
    expect([compute.stopWished(), compute.pauseWished()]).toEqual([true, false]);
  });

  it('commits while the generation is open, as one move with the triple', () => {
    const { compute, comm } = twoSides();
    comm.openGeneration(1);
    let flips = 0;
    expect(compute.commit(1, triple(1), () => flips++)).toBe(true);
    expect(compute.commit(1, triple(2), () => flips++)).toBe(true);
    expect([flips, comm.isOpen(1), comm.committed()]).toEqual([2, true, triple(2)]);
  });

  it('is open while a flip is under way', () => {
    const { compute, comm } = twoSides();
    comm.openGeneration(1);
    let during = false;
    compute.commit(1, triple(1), () => (during = comm.isOpen(1)));
    expect(during).toBe(true);
  });

  it('commits nothing before a generation is opened, nor after it is closed', () => {
    const { compute, comm } = twoSides();
    const flip = (): void => expect.unreachable();
    expect(compute.commit(1, triple(1), flip)).toBe(false);
    comm.openGeneration(1);
    expect(compute.commit(1, triple(2), () => undefined)).toBe(true);
    comm.closeGeneration();
    expect(compute.commit(1, triple(3), flip, rowOf(3))).toBe(false);
    expect(comm.committed()).toEqual(triple(2));
    expect(comm.takeRows()).toEqual([]);
    // Closing again, or what is not open, is nothing.
    comm.closeGeneration();
    expect(comm.isOpen(1)).toBe(false);
  });

  it('commits nothing of a generation once the next one is open', () => {
    const { compute, comm } = twoSides();
    comm.openGeneration(1);
    comm.closeGeneration();
    comm.openGeneration(2);
    expect(compute.commit(1, triple(4), () => expect.unreachable())).toBe(false);
    expect([comm.isOpen(1), comm.isOpen(2)]).toEqual([false, true]);
    expect(compute.commit(2, triple(4), () => undefined)).toBe(true);
  });
});

describe('the rows of a trainer', () => {
  it('are there with their commit, each once and in order', () => {
    const { compute, comm } = twoSides();
    comm.openGeneration(1);
    compute.commit(1, triple(1, 0), () => expect(comm.takeRows()).toEqual([]));
    expect(comm.takeRows()).toEqual([]);
    compute.commit(1, triple(1), () => undefined, rowOf(1));
    compute.commit(1, triple(2), () => undefined, rowOf(2));
    expect(comm.takeRows()).toEqual([rowOf(1), rowOf(2)]);
    expect(comm.takeRows()).toEqual([]);
    // There is room for some; older ones are written over once they are taken.
    for (let step = 3; step < 30; step++) {
      compute.commit(1, triple(step), () => undefined, rowOf(step));
      expect(comm.takeRows()).toEqual([rowOf(step)]);
    }
  });

  it('are never lost without a word', () => {
    const { compute, comm } = twoSides();
    comm.openGeneration(1);
    for (let step = 1; step <= 8; step++) compute.commit(1, triple(step), () => undefined, rowOf(step));
    compute.commit(1, triple(9), () => undefined, rowOf(9));
    expect(() => comm.takeRows()).toThrow('9 rows were not taken in time');
  });
});

describe('another thread that commits as fast as it goes', () => {
  /** Commits triples of four equal numbers: word 0 counts flips begun, word 1 flips done, until it is refused. */
  const committer = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ controlFromBuffer }) => {
      const control = controlFromBuffer(workerData.control);
      const flips = new Int32Array(workerData.flips);
      parentPort.postMessage('open');
      for (let k = 1; ; k++) {
        const committed = control.commit(1, { generation: { term: k, n: k }, position: { step: k, phase: k } }, () => {
          Atomics.add(flips, 0, 1);
          const until = k % 50;
          for (let spin = 0; spin < until; spin++) Atomics.load(flips, 1);
          Atomics.add(flips, 1, 1);
        });
        if (!committed) break;
      }
      parentPort.postMessage('closed');
    });`;
  // What runs in a worker is the built file.
  const module = new URL('../dist/control.js', import.meta.url).href;

  /** Resolves with both sides of it once the other thread has made so many commits. */
  async function committing(
    least: number,
  ): Promise<{ control: Control; flips: Int32Array; closed: Promise<unknown> }> {
    const control = controlFromBuffer(createControlBuffer());
    const flips = new Int32Array(new SharedArrayBuffer(8));
    control.openGeneration(1);
    const workerData = { module, control: control.buffer, flips: flips.buffer };
    const worker = new Worker(committer, { eval: true, workerData });
    workers.push(worker);
    await once(worker, 'message');
    const closed = once(worker, 'message');
    while (Atomics.load(flips, 1) < least);
    return { control, flips, closed };
  }

  it('is waited for at the end of a generation: a flip under way is whole, and afterwards nothing commits', async () => {
    for (let round = 0; round < 8; round++) {
      const { control, flips, closed } = await committing(1000 + 37 * round);
      control.closeGeneration();
      const atClose = [Atomics.load(flips, 0), Atomics.load(flips, 1), control.committed().position.step];
      await closed;
      // No flip was half done, the triple belongs to the last one, and none came after.
      expect(new Set(atClose).size).toBe(1);
      expect([Atomics.load(flips, 0), Atomics.load(flips, 1)]).toEqual(atClose.slice(0, 2));
      expect(control.committed().position.step).toBe(atClose[2]);
    }
  });

  it('is never seen with half of one triple and half of another', async () => {
    const { control, closed } = await committing(100);
    const torn: Triple[] = [];
    const seen = new Set<number>();
    // Long enough that it has committed many times meanwhile, however the two threads share the machine.
    for (let reads = 0; reads < 200_000 || seen.size < 1000; reads++) {
      const { generation, position } = control.committed();
      seen.add(position.step);
      if (new Set([generation.term, generation.n, position.step, position.phase]).size > 1)
        torn.push({ generation, position });
    }
    control.closeGeneration();
    await closed;
    expect(torn.slice(0, 3)).toEqual([]);
  });
});
