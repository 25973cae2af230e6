import { GanTrainError } from './errors.js';

/**
 * Runs a process' main function with a signal that SIGTERM, SIGINT and the loss of a supervising parent abort, and
 * leaves with its exit code. An error becomes one line on standard error and its code.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => stop.abort(new GanTrainError('cancelled', `${name} received`)));
  }
  // A child of `train` has a channel to it: when that breaks, nobody is left to stop this process.
  process.on('disconnect', () => stop.abort(new GanTrainError('cancelled', 'the supervisor is gone')));
  const fail = (thrown: unknown): number => {
    const error = GanTrainError.from(thrown);
    process.stderr.write(`${error.line}\n`);
    if (error.code === 'internal' && error.cause instanceof Error)
      process.stderr.write(`${error.cause.stack}\n`);
    return error.exitCode;
  };
  // What a timer or an event throws ends the process as what main throws does.
  process.on('uncaughtException', (error) => process.exit(fail(error)));
  const exitCode = await main(stop.signal).catch(fail);
  if (process.connected) process.disconnect();
  // Threads and native libraries may hold the process; everything that had to be flushed was.
  process.exit(exitCode);
}

/** Tells the supervising parent, if there is one, a fact such as the ports this process listens on. */
export function tellParent(message: Record<string, unknown>): void {
  process.send?.(message);
}

/** Rejects with `timeout` when `promise` takes longer than `timeoutMs`. */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new GanTrainError('timeout', `${what} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
