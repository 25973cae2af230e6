import type { Event, LossRow } from '@gan-train/rpc';

type Listener = (event: Event) => void;

/** Events that may wait for one slow watcher before the oldest are dropped. */
const mostWaiting = 10_000;
/** Events that are kept for who asks what happened last. */
const mostRecent = 50;

export interface EventHub {
  emit(event: Omit<Event, 'time'>): void;
  /** The last events besides rows and files, oldest first. */
  recent(): Event[];
  lastRow(): LossRow | null;
  /** Events from now on; ends after a finished or failed one, or with the signal. */
  watch(signal: AbortSignal): AsyncGenerator<Event, void, void>;
}

export function createEventHub(): EventHub {
  const listeners = new Set<Listener>();
  let kept: Event[] = [];
  let row: LossRow | null = null;
  return {
    recent: () => [...kept],
    lastRow: () => row,
    emit(event) {
      const stamped = { time: Date.now() / 1000, ...event };
      if (event.row) row = event.row as LossRow;
      else if (!event.file) kept = [...kept, stamped].slice(-mostRecent);
      for (const listener of listeners) listener(stamped);
    },
    async *watch(signal) {
      const waiting: Event[] = [];
      let wake: () => void = () => undefined;
      const listener: Listener = (event) => {
        waiting.push(event);
        if (waiting.length > mostWaiting) waiting.shift();
        wake();
      };
      listeners.add(listener);
      const aborted = (): void => wake();
      signal.addEventListener('abort', aborted);
      try {
        while (!signal.aborted) {
          const event = waiting.shift();
          if (event === undefined) {
            await new Promise<void>((resolve) => (wake = resolve));
            continue;
          }
          yield event;
          if (event.finished || event.failed) return;
        }
      } finally {
        listeners.delete(listener);
        signal.removeEventListener('abort', aborted);
      }
    },
  };
}
