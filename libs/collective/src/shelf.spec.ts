import { describe, expect, it } from 'vitest';
import { createShelf, type PhaseBuffers, type Shelf } from './shelf.js';

const phase = (): PhaseBuffers => ({
  partials: [new Float32Array(6)],
  reduced: new Float32Array(6),
  buckets: [
    { start: 0, end: 4 },
    { start: 4, end: 6 },
  ],
});

function shelfWith(phases = [phase(), phase()]): { shelf: Shelf; phases: PhaseBuffers[] } {
  return { shelf: createShelf(phases), phases };
}

const never = new AbortController().signal;

/** What a promise came to after everything that is ready has run. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const pending = new Promise<string>((resolve) => setImmediate(resolve, 'waiting'));
  const settled = promise.then(
    () => 'served',
    (error: { code: string }) => error.code,
  );
  return Promise.race([settled, pending]);
}

describe('a shelf', () => {
  it('serves the partials of a bucket from when it was published', async () => {
    const { shelf, phases } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    const waiting = shelf.partials({ step: 1, phase: 0 }, 1, never);
    expect(await stateOf(waiting)).toBe('waiting');
    shelf.publishPartials({ step: 1, phase: 0 }, 1);
    expect(await stateOf(shelf.partials({ step: 1, phase: 0 }, 0, never))).toBe('served');
    expect(await stateOf(waiting)).toBe('waiting');
    shelf.publishPartials({ step: 1, phase: 0 }, 2);
    await expect(waiting).resolves.toBe(phases[0]);
  });

  it('serves a reduced bucket from when that one was published', async () => {
    const { shelf, phases } = shelfWith();
    shelf.open({ step: 1, phase: 1 });
    shelf.publishPartials({ step: 1, phase: 1 }, 2);
    const waiting = [0, 1].map(async (bucket) => shelf.reduced({ step: 1, phase: 1 }, bucket, never));
    shelf.publishReduced({ step: 1, phase: 1 }, 1);
    expect(await stateOf(waiting[0] as Promise<unknown>)).toBe('waiting');
    await expect(waiting[1]).resolves.toBe(phases[1]);
    shelf.publishReduced({ step: 1, phase: 1 }, 0);
    await expect(waiting[0]).resolves.toBe(phases[1]);
  });

  it('makes a peer that is ahead wait until this member gets there', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    shelf.publishPartials({ step: 1, phase: 0 }, 2);
    const ahead = shelf.partials({ step: 2, phase: 0 }, 0, never);
    expect(await stateOf(ahead)).toBe('waiting');
    shelf.open({ step: 2, phase: 0 });
    // Opened, not yet published: what the buffers held is the last step's.
    expect(await stateOf(ahead)).toBe('waiting');
    shelf.publishPartials({ step: 2, phase: 0 }, 1);
    expect(await stateOf(ahead)).toBe('served');
  });

  it('forgets what was reduced when a phase is opened again', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    shelf.publishReduced({ step: 1, phase: 0 }, 0);
    shelf.open({ step: 2, phase: 0 });
    expect(await stateOf(shelf.reduced({ step: 2, phase: 0 }, 0, never))).toBe('waiting');
  });

  it('keeps the phases apart: the one before is still served', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    shelf.publishPartials({ step: 1, phase: 0 }, 2);
    shelf.open({ step: 1, phase: 1 });
    expect(await stateOf(shelf.partials({ step: 1, phase: 0 }, 1, never))).toBe('served');
    expect(await stateOf(shelf.partials({ step: 1, phase: 1 }, 1, never))).toBe('waiting');
  });

  it('fences a step whose buffers are used again, also for who waits already', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    const waiting = shelf.reduced({ step: 1, phase: 0 }, 0, never);
    waiting.catch(() => undefined);
    shelf.open({ step: 2, phase: 0 });
    expect(await stateOf(waiting)).toBe('fenced');
    expect(await stateOf(shelf.partials({ step: 1, phase: 0 }, 0, never))).toBe('fenced');
  });

  it('fences everything when it is closed, also what was published', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    shelf.publishPartials({ step: 1, phase: 0 }, 1);
    const waiting = [
      shelf.partials({ step: 1, phase: 0 }, 1, never),
      shelf.reduced({ step: 1, phase: 0 }, 0, never),
      shelf.partials({ step: 2, phase: 0 }, 0, never),
    ];
    shelf.close();
    for (const promise of waiting) await expect(promise).rejects.toMatchObject({ code: 'fenced' });
    expect(await stateOf(shelf.partials({ step: 1, phase: 0 }, 0, never))).toBe('fenced');
  });

  it('lets go of who no longer waits', async () => {
    const { shelf } = shelfWith();
    shelf.open({ step: 1, phase: 0 });
    const gone = new AbortController();
    const waiting = shelf.partials({ step: 1, phase: 0 }, 0, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('knows its phases and buckets', async () => {
    const { shelf } = shelfWith();
    expect(await stateOf(shelf.partials({ step: 1, phase: 2 }, 0, never))).toBe('protocol');
    expect(await stateOf(shelf.reduced({ step: 1, phase: 0 }, 2, never))).toBe('protocol');
    expect(() => shelf.buffers(2)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});
