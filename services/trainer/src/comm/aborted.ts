import { once } from 'node:events';
import { GanTrainError } from '@gan-train/service';

/** Resolves when the signal aborts, at once when it has. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Rejects with `cancelled` when the signal aborts first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = (): GanTrainError => new GanTrainError('cancelled', 'the generation is closed');
  if (signal.aborted) throw over();
  let aborted: () => void = () => undefined;
  const end = new Promise<never>((_resolve, reject) => {
    aborted = () => reject(over());
    signal.addEventListener('abort', aborted);
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}
