import { setTimeout as delay } from 'node:timers/promises';
import { GanTrainError } from '@gan-train/service';
import { createLinesAgain } from './lines-again.js';
import { logLineFrom, type LogLine } from './log-line.js';
import type { LogSource } from './log-sources.js';

/** Processes that begin while the logs are followed are looked for so often, and what ended or failed is followed again. */
const lookMs = 2_000;

export interface Following {
  source: LogSource;
  /** Which of all processes are wanted. */
  chosen: (names: readonly string[]) => string[];
  /** Last lines of each process. */
  tail: number;
  show: (line: LogLine) => void;
  /** What is wrong, for a person; it is tried again. */
  tell: (trouble: string) => void;
}

/** Shows what the processes of a run write until the signal aborts. */
export async function followAll(following: Following, signal: AbortSignal, pauseMs = lookMs): Promise<void> {
  const { source, chosen, tail, show } = following;
  const told = new Set<string>();
  const tell = (trouble: string): void => {
    if (!told.has(trouble)) following.tell(trouble);
    told.add(trouble);
  };
  const followed = new Set<string>();
  const linesOf = new Map<string, ReturnType<typeof createLinesAgain>>();

  async function follow(name: string): Promise<void> {
    const lines = linesOf.get(name) ?? createLinesAgain(tail);
    linesOf.set(name, lines);
    // One that had ended may have been started anew, or may not: what was shown of it isn't shown again.
    lines.begin();
    const onLine = (text: string): void => {
      if (lines.isNew(text)) show(logLineFrom(name, text));
    };
    followed.add(name);
    try {
      await source.follow(name, tail, onLine, signal);
    } catch (thrown) {
      if (!signal.aborted) tell(`${name}: ${GanTrainError.from(thrown).message}`);
    } finally {
      followed.delete(name);
    }
  }

  async function look(): Promise<void> {
    try {
      const names = chosen(await source.list());
      for (const name of names) if (!followed.has(name)) void follow(name);
    } catch (thrown) {
      tell(`looking for processes: ${GanTrainError.from(thrown).message}`);
    }
  }

  while (!signal.aborted) {
    await look();
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
