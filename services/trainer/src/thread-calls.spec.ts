import { MessageChannel } from 'node:worker_threads';
import { GanTrainError } from '@gan-train/service';
import { afterEach, describe, expect, it } from 'vitest';
import { createCaller, Moved, serveCalls, type Caller, type Calls } from './thread-calls.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function connect<Served extends Calls>(calls: Served): Caller<Served> {
  const { port1, port2 } = new MessageChannel();
  closing.push(() => port1.close());
  serveCalls(port2, calls);
  return createCaller<Served>(port1);
}

describe('calls between threads', () => {
  it('carry requests and replies, however they overlap', async () => {
    const waiting: (() => void)[] = [];
    const caller = connect({
      double: async (n: number) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return 2 * n;
      },
      release: async () => {
        // The last that came is answered first.
        for (const resolve of waiting.reverse()) resolve();
        return Promise.resolve();
      },
    });
    const replies = Promise.all([1, 2, 3].map(async (n) => caller.call('double', n)));
    await caller.call('release', undefined);
    expect(await replies).toEqual([2, 4, 6]);
  });

  it('carry errors with their code, and others as internal', async () => {
    const caller = connect({
      ours: async () => Promise.reject(new GanTrainError('fenced', 'another term', 'wait')),
      another: async () => Promise.reject(new RangeError('too far')),
    });
    await expect(caller.call('ours', undefined as never)).rejects.toMatchObject({
      code: 'fenced',
      message: 'another term; wait',
    });
    await expect(caller.call('another', undefined as never)).rejects.toMatchObject({
      code: 'internal',
      what: 'too far',
    });
  });

  it('share shared memory, and move what is to be moved', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const caller = connect({
      fill: async (shared: SharedArrayBuffer) => {
        new Uint8Array(shared).fill(7);
        return Promise.resolve();
      },
      take: async () => Promise.resolve(new Moved(bytes, [bytes.buffer])),
    });
    const shared = new SharedArrayBuffer(2);
    await caller.call('fill', shared);
    expect([...new Uint8Array(shared)]).toEqual([7, 7]);
    expect([...(await caller.call('take', undefined as never))]).toEqual([1, 2, 3]);
    expect(bytes.byteLength).toBe(0);
  });

  it('fail for a call that is not there, and for a reply that cannot be sent', async () => {
    const caller = connect<Calls>({ secret: async () => Promise.resolve(() => 'a function') });
    await expect(caller.call('nothing', undefined as never)).rejects.toMatchObject({
      code: 'internal',
      what: 'there is no call nothing',
    });
    await expect(caller.call('secret', undefined as never)).rejects.toMatchObject({ code: 'internal' });
  });

  it('fail when the other thread is gone: what waits, and every later call', async () => {
    const caller = connect({ wait: async () => new Promise<never>(() => undefined) });
    const waiting = caller.call('wait', undefined);
    const gone = new GanTrainError('coordinator_lost', 'the thread is gone');
    caller.fail(gone);
    await expect(waiting).rejects.toBe(gone);
    await expect(caller.call('wait', undefined as never)).rejects.toBe(gone);
  });
});
