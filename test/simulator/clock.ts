/** Simulated time: what is to happen, earliest first; of equals what was asked for first. */
export interface Clock {
  readonly nowMs: number;
  after(ms: number, work: () => void): void;
  at(ms: number, work: () => void): void;
  /** Does what comes next; false when nothing does. */
  step(): boolean;
}

interface Event {
  atMs: number;
  order: number;
  work: () => void;
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export function createClock(): Clock {
  const heap: Event[] = [];
  let nowMs = 0;
  let order = 0;

  function push(event: Event): void {
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Event;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  const at = (ms: number, work: () => void): void =>
    push({ atMs: Math.max(ms, nowMs), order: order++, work });
  return {
    get nowMs() {
      return nowMs;
    },
    at,
    after: (ms, work) => at(nowMs + ms, work),
    step() {
      const event = pop();
      if (event === undefined) return false;
      nowMs = event.atMs;
      event.work();
      return true;
    },
  };
}
