import { describe, expect, it } from 'vitest';
import type { Order } from '../comm-calls.js';
import { createOrders } from './orders.js';

const done = (reason: string): Order => ({ kind: 'done', reason });

describe('orders', () => {
  it('come in the order in which they were given, to those who wait and those who ask later', async () => {
    const orders = createOrders(new AbortController().signal);
    const first = orders.next();
    orders.push(done('a'));
    orders.push(done('b'));
    expect([await first, await orders.next()]).toEqual([done('a'), done('b')]);
  });

  it('are given to the end when the trainer gives up, and then the reason', async () => {
    const ended = new AbortController();
    const orders = createOrders(ended.signal);
    orders.push(done('a'));
    ended.abort(new Error('gave up'));
    expect(await orders.next()).toEqual(done('a'));
    await expect(orders.next()).rejects.toThrow('gave up');
  });

  it('end a wait with the reason', async () => {
    const ended = new AbortController();
    const waiting = createOrders(ended.signal).next();
    ended.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
  });
});
