import { GanTrainError } from '@gan-train/service';

/** What the promise gives. Rejects with `cancelled` when the generation is closed first. */
export async function unlessClosed<T>(promise: Promise<T>, closed: AbortSignal): Promise<T> {
  const over = (): GanTrainError => new GanTrainError('cancelled', 'the generation is closed');
  if (closed.aborted) throw over();
  let aborted: () => void = () => undefined;
  const end = new Promise<never>((_resolve, reject) => {
    aborted = () => reject(over());
    closed.addEventListener('abort', aborted);
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    closed.removeEventListener('abort', aborted);
  }
}
