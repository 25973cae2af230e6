import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { GanTrainError } from '@gan-train/service';

const staleMs = 5_000;
const renewMs = 1_000;

/**
 * At most one coordinator a directory. A lock that its holder no longer renews is taken over; the holder ends when it finds out.
 * Resolves with what gives it back. Throws `run_locked`, or `not_writable`.
 */
export async function lockRun(path: string): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(path, {
      lockfilePath: join(path, '.lock'),
      stale: staleMs,
      update: renewMs,
      onCompromised: (error) => {
        throw lockLost(path, error);
      },
      retries: { retries: 8, minTimeout: 250, maxTimeout: 1_000 },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') {
      throw new GanTrainError('not_writable', `cannot lock ${path}`, 'make the directory writable', error);
    }
    const what = `another coordinator has the run at ${path}`;
    throw new GanTrainError('run_locked', what, 'wait for it to end, or give another --out', error);
  }
}

/** Why a lock that was held is held no more. */
export function lockLost(path: string, error: Error): GanTrainError {
  // Its holder was paused for longer than it lives, or somebody removed it. The library gives every error the same code.
  const isTaken =
    (error as NodeJS.ErrnoException).syscall === undefined || error.message.startsWith('ENOENT');
  if (isTaken)
    return new GanTrainError(
      'run_locked',
      `the lock on ${path} is lost`,
      'look for another coordinator',
      error,
    );
  const what = `the lock on ${path} cannot be renewed: ${error.message}`;
  return new GanTrainError(
    'not_writable',
    what,
    'make the directory writable, and start the run again',
    error,
  );
}
