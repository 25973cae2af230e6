import type { Order } from '../comm-calls.js';

/** What the compute thread is to do, one after the other. */
export interface Orders {
  push(order: Order): void;
  /** Resolves when there is one; rejects with the signal's reason once nothing is left and it has aborted. */
  next(): Promise<Order>;
}

export function createOrders(ended: AbortSignal): Orders {
  const orders: Order[] = [];
  let wake: () => void = () => undefined;
  ended.addEventListener('abort', () => wake());
  return {
    push(order) {
      orders.push(order);
      wake();
    },
    async next() {
      for (;;) {
        const order = orders.shift();
        if (order !== undefined) return order;
        ended.throwIfAborted();
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
