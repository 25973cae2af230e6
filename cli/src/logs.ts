import { setTimeout as delay } from 'node:timers/promises';
import { GanTrainError } from '@gan-train/service';
import { logLineFrom, textFromLine, timesOf, type LogLine } from './log-line.js';
import { openLogSource, type LogSource } from './log-sources.js';
import { wholeNumber } from './numbers.js';

export interface LogsFlags {
  follow?: boolean;
  process?: string;
  tail?: string;
  json?: boolean;
}

/** Processes that begin while the logs are followed are looked for so often. */
const lookMs = 2_000;
const mostLines = 1_000_000;

/** `gan-train logs`: what the processes of a run write. Returns the exit code. */
export async function logs(run: string | undefined, flags: LogsFlags, signal: AbortSignal): Promise<number> {
  const tail = wholeNumber('--tail', flags.tail ?? '200', 1, mostLines);
  const source = await openLogSource(run);
  const names = await chosen(source, flags.process);
  if (names.length === 0) {
    const what =
      flags.process === undefined ? 'no process has written anything' : `there is no ${flags.process}`;
    const all = await source.list();
    throw new GanTrainError('bad_config', what, all.length > 0 ? `there are ${all.join(', ')}` : undefined);
  }
  const width = Math.max(...names.map((name) => name.length), 'coordinator'.length);
  const show = (line: LogLine): void =>
    void process.stdout.write(`${flags.json === true ? jsonOf(line) : textFromLine(line, width)}\n`);
  if (flags.follow === true) await followAll(source, flags.process, tail, show, signal);
  else (await readAll(source, names, tail)).forEach(show);
  return 0;
}

async function chosen(source: LogSource, only: string | undefined): Promise<string[]> {
  const names = await source.list();
  return only === undefined ? names.sort() : names.filter((name) => name === only);
}

async function readAll(source: LogSource, names: readonly string[], tail: number): Promise<LogLine[]> {
  const perProcess = await Promise.all(
    names.map(async (name) => {
      const lines = (await source.read(name, tail)).map((text) => logLineFrom(name, text));
      const times = timesOf(lines);
      return lines.map((line, i) => ({ line, time: times[i] ?? '' }));
    }),
  );
  return perProcess
    .flat()
    .sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)))
    .map(({ line }) => line);
}

async function followAll(
  source: LogSource,
  only: string | undefined,
  tail: number,
  show: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const followed = new Set<string>();
  /** Of the last line of each process. */
  const last = new Map<string, string>();
  while (!signal.aborted) {
    for (const name of await chosen(source, only)) {
      if (followed.has(name)) continue;
      followed.add(name);
      const isAgain = last.has(name);
      const onLine = (text: string): void => {
        const line = logLineFrom(name, text);
        const time = typeof line.fields?.time === 'string' ? line.fields.time : '';
        // One that had ended is followed again, as it may have been started anew: what was shown of it isn't shown again.
        if (isAgain && time <= (last.get(name) ?? '')) return;
        if (time !== '') last.set(name, time);
        show(line);
      };
      void source
        .follow(name, tail, onLine, signal)
        .catch(() => undefined)
        .then(() => followed.delete(name));
    }
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
}

function jsonOf({ process, text, fields }: LogLine): string {
  return JSON.stringify({ process, ...(fields ?? { msg: text }) });
}
