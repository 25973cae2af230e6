import { setTimeout as delay } from 'node:timers/promises';
import { nameOfGeneration, readStream, type CoordinatorClient, type Event__Output } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

const againMs = 200;
/** Events that wait for a reader; the oldest go when there is none. */
const mostWaiting = 10_000;

/** The events of a run over the lives of its coordinators. */
export interface EventFeed {
  /** For one reader. Ends when the run does. */
  events(): AsyncGenerator<Event__Output, void, void>;
  /** Resolves when nothing is read any more. */
  close(): Promise<void>;
}

export function createEventFeed(
  client: CoordinatorClient,
  runId: string,
  hooks: { isOver(): boolean; onWanted(trainers: number): void; onEnd(): void },
): EventFeed {
  const waiting: Event__Output[] = [];
  let wake: () => void = () => undefined;
  let isClosed = false;
  let lastStep = 0;
  let isKnown = false;
  let lastGeneration = '';

  function take(event: Event__Output): void {
    if (event.wanted) hooks.onWanted(event.wanted.trainers);
    if (event.finished || event.failed) hooks.onEnd();
    if (event.row) lastStep = event.row.step;
    if (event.generation) {
      const id = nameOfGeneration(event.generation.generation);
      // Whoever begins to watch is told the generation that there is.
      if (id === lastGeneration) return;
      lastGeneration = id;
    }
    // Every coordinator says first which run it has.
    if (event.run && isKnown) return;
    isKnown ||= event.run !== null && event.run !== undefined;
    waiting.push(event);
    if (waiting.length > mostWaiting) waiting.shift();
    wake();
  }

  async function read(): Promise<void> {
    while (!isClosed) {
      try {
        for await (const event of readStream(
          client.Watch({ runId, afterStep: lastStep }),
          'coordinator_lost',
        ))
          take(event);
      } catch (thrown) {
        // While nobody answers the processes say why, or another coordinator comes.
        const { code } = GanTrainError.from(thrown);
        if (code !== 'coordinator_lost' && code !== 'cancelled') throw thrown;
      }
      if (hooks.isOver()) break;
      await delay(againMs);
    }
    isClosed = true;
    wake();
  }
  const reading = read();
  // Who waits for events or for the end learns of it.
  reading.catch(() => undefined);

  return {
    async *events() {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        if (isClosed) break;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      await reading;
    },
    async close() {
      isClosed = true;
      wake();
      await Promise.race([reading.catch(() => undefined), delay(2 * againMs)]);
    },
  };
}
