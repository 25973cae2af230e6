import { ApiException, IsomorphicFetchHttpLibrary, type ConfigurationOptions } from 'kubernetes-client';
import { GanTrainError, withTimeout } from '@gan-train/service';

const callMs = 10_000;

/**
 * A call to the API, with a deadline. Throws `kubernetes`, with what the API says.
 *
 * @param call gets a signal that aborts when the call is given up, and never once it is answered
 * @param signal gives the call up
 */
export async function askApi<T>(
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const request = new AbortController();
  const giveUp = (): void => request.abort();
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();
  try {
    return await withTimeout(call(request.signal), callMs, 'the answer');
  } catch (thrown) {
    giveUp();
    throw apiErrorFrom(what, thrown);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

const fetchLibrary = new IsomorphicFetchHttpLibrary();

/** For a method of the client: aborts its request with the signal. */
export function abortedBy(signal: AbortSignal): ConfigurationOptions {
  return {
    httpApi: {
      send(request) {
        request.setSignal(signal);
        return fetchLibrary.send(request);
      },
    },
  };
}

/** A `kubernetes` error that says what the API said, and keeps that as its cause. */
export function apiErrorFrom(what: string, thrown: unknown): GanTrainError {
  return new GanTrainError('kubernetes', `${what}: ${wordsOf(thrown)}`, hintOf(thrown), thrown);
}

/** The status and the words with which the API refused; undefined where it isn't the API that failed. */
export function refusalFrom(error: unknown): { status: number; words: string } | undefined {
  const cause = error instanceof GanTrainError ? error.cause : error;
  return cause instanceof ApiException ? { status: cause.code, words: wordsOf(cause) } : undefined;
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof ApiException)) return GanTrainError.from(thrown).message;
  try {
    const { message } = JSON.parse(String(thrown.body)) as { message?: string };
    return message ?? `status ${thrown.code}`;
  } catch {
    return `status ${thrown.code}`;
  }
}

function hintOf(thrown: unknown): string | undefined {
  const status = thrown instanceof ApiException ? thrown.code : undefined;
  if (status === 403) return 'give whoever calls this right by a Role';
  return status === undefined || status === 401 ? 'see whether kubectl works' : undefined;
}
