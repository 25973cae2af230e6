import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { flagsFrom, type Asked } from './configs.js';
import { until } from './until.js';

const bin = fileURLToPath(new URL('../../cli/bin/gan-train.js', import.meta.url));
const timeoutMs = 240_000;
/** For one event of a command: other work may have most of the machine. */
const eventMs = 90_000;

/** A line of `train --json`. */
export type ReportedEvent = { event: string } & Record<string, unknown>;

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A gan-train command that was started and may still run; `endCommands` kills it. */
export interface RunningCommand {
  readonly pid: number;
  readonly finished: Promise<CommandResult>;
  /** Its standard output so far. */
  output(): string;
  /** All events so far. */
  events(): ReportedEvent[];
  /** The first event that fits; throws when the command ends without one. */
  event(what: string, fits: (event: ReportedEvent) => boolean): Promise<ReportedEvent>;
  signal(signal: NodeJS.Signals): void;
}

const running = new Map<ChildProcess, Promise<CommandResult>>();

/** Kills what a failed test left running, and waits until it is gone. */
export async function endCommands(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL');
  await Promise.all(running.values());
}

export function startCommand(args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  let over: CommandResult | undefined;
  const finished = codeOf(child).then((code) => (over = { code, stdout: stdout(), stderr: stderr() }));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  running.set(child, finished);
  void finished.finally(() => {
    clearTimeout(timer);
    running.delete(child);
  });
  const events = (): ReportedEvent[] => eventsFrom(stdout());
  return {
    pid: child.pid ?? 0,
    finished,
    output: stdout,
    events,
    event: async (what, fits) =>
      until(
        what,
        () => {
          const found = events().find(fits);
          if (found === undefined && over !== undefined)
            throw new Error(`no ${what} before the end with ${over.code}: ${over.stderr}`);
          return found;
        },
        eventMs,
      ),
    signal: (signal) => void child.kill(signal),
  };
}

/** Runs a command to its end. */
export async function gan(...args: string[]): Promise<CommandResult> {
  return startCommand(args).finished;
}

export const trainArgs = (out: string, asked: Asked, ...more: string[]): string[] => [
  'train',
  '--json',
  '--out',
  out,
  ...flagsFrom(asked),
  ...more,
];

export function eventsFrom(stdout: string): ReportedEvent[] {
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReportedEvent);
}

function textOf(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}

/** As a shell would say it. */
async function codeOf(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? (signal === 'SIGKILL' ? 137 : 143);
}
