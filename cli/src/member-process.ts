import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { errorCodes, GanTrainError, type ErrorCode } from '@gan-train/service';

const bin = fileURLToPath(new URL('../bin/gan-train.js', import.meta.url));
const mostErrorBytes = 64 * 1024;
/**
 * glibc asks for large pages where Linux gives them only to who asks (transparent_hugepage = madvise): a graph's arrays are made
 * anew in every step, and with small pages a twentieth of the step goes into page faults. Other C libraries don't know it.
 */
export const largePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

export type CoordinatorMessage =
  | { event: 'reading'; done: number; total: number }
  | { event: 'listening'; grpcPort: number; httpPort: number; directory: string; runId: string };

export interface Ended {
  /** As a shell would say it. */
  code: number;
  /** The signal that ended it. */
  signal: string | undefined;
  error: GanTrainError;
}

/** One process of the cluster, in a process group of its own. */
export interface MemberProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  onMessage(listener: (message: CoordinatorMessage) => void): void;
  keepLog(log: Writable): void;
  /** Of its whole group; nothing happens once it has ended. */
  kill(signal: NodeJS.Signals): void;
}

export function startProcess(
  name: 'coordinator' | 'trainer',
  args: readonly string[],
  { through = [], env = {} }: { through?: readonly string[] | undefined; env?: Record<string, string> } = {},
): MemberProcess {
  const [file, ...words] = [...through, process.execPath, bin, name, ...args] as [string, ...string[]];
  const child = spawn(file, words, {
    // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then drains.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...largePages, ...process.env, ...env },
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-mostErrorBytes);
  });
  const ended = once(child, 'close').then((values): Ended => {
    const [exit, signal] = values as [number | null, NodeJS.Signals | null];
    const code = exit ?? (signal === 'SIGKILL' ? 137 : 143);
    return { code, signal: signal ?? undefined, error: errorFromText(name, errors, signal ?? code) };
  });
  return {
    pid: child.pid ?? 0,
    ended,
    onMessage: (listener) => void child.on('message', listener),
    keepLog(log) {
      child.stdout?.pipe(log, { end: false });
      child.stderr?.pipe(log, { end: false });
    },
    kill: (signal) => killGroup(child, signal),
  };
}

/** The last line of the form that all our processes end with, as an error again. */
function errorFromText(name: string, errors: string, end: string | number): GanTrainError {
  const match = /error (\w+): ([\s\S]+)$/.exec(errors.trimEnd());
  const code = match?.[1];
  if (code !== undefined && code in errorCodes) return new GanTrainError(code as ErrorCode, match?.[2] ?? '');
  const detail = errors.trim().split('\n').at(-1) ?? '';
  const what = `the ${name} ended with ${end}${detail === '' ? '' : `: ${detail}`}`;
  return new GanTrainError('internal', what);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Gone between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
