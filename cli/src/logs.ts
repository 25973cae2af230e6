import { GanTrainError } from '@gan-train/service';
import { followAll } from './follow-logs.js';
import { logLineFrom, textFromLine, timesOf, type LogLine } from './log-line.js';
import { openLogSource, type LogSource } from './log-sources.js';
import { wholeNumber } from './numbers.js';

export interface LogsFlags {
  follow?: boolean;
  process?: string;
  tail?: string;
  json?: boolean;
}

const mostLines = 1_000_000;

/** `gan-train logs`: what the processes of a run write. Returns the exit code. */
export async function logs(run: string | undefined, flags: LogsFlags, signal: AbortSignal): Promise<number> {
  const tail = wholeNumber('--tail', flags.tail ?? '200', 1, mostLines);
  const source = await openLogSource(run);
  const only = flags.process;
  const chosen = (names: readonly string[]): string[] =>
    names.filter((name) => only === undefined || name === only);
  const all = (await source.list()).sort();
  const names = chosen(all);
  if (names.length === 0) {
    const what = only === undefined ? 'no process has written anything' : `there is no ${only}`;
    throw new GanTrainError('bad_config', what, all.length > 0 ? `there are ${all.join(', ')}` : undefined);
  }
  const width = Math.max(...names.map((name) => name.length), 'coordinator'.length);
  const show = (line: LogLine): void =>
    void process.stdout.write(`${flags.json === true ? jsonOf(line) : textFromLine(line, width)}\n`);
  const tell = (trouble: string): void => void process.stderr.write(`${trouble}\n`);
  if (flags.follow === true) await followAll({ source, chosen, tail, show, tell }, signal);
  else (await readAll(source, names, tail, tell)).forEach(show);
  return 0;
}

/** What can be read, in chronological order. Throws why nothing can; `tell` is told what is wrong with the others. */
export async function readAll(
  source: LogSource,
  names: readonly string[],
  tail: number,
  tell: (trouble: string) => void,
): Promise<LogLine[]> {
  const read = await Promise.allSettled(
    names.map(async (name) => {
      const lines = (await source.read(name, tail)).map((text) => logLineFrom(name, text));
      const times = timesOf(lines);
      return lines.map((line, i) => ({ line, time: times[i] ?? '' }));
    }),
  );
  const failures = read.flatMap((result, i) =>
    result.status === 'rejected' ? [{ name: names[i], error: GanTrainError.from(result.reason) }] : [],
  );
  const [first] = failures;
  if (first !== undefined && failures.length === names.length) throw first.error;
  for (const { name, error } of failures) tell(`${name}: ${error.message}`);
  return read
    .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    .sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)))
    .map(({ line }) => line);
}

function jsonOf({ process, text, fields }: LogLine): string {
  return JSON.stringify({ process, ...(fields ?? { msg: text }) });
}
