import {
  errorFromStatus,
  floatsFromBytes,
  readChunks,
  type PeerClient,
  type PullRequest,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { retry } from './retry.js';

export interface PullOptions {
  deadline: number;
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
  /** Reads what the peer has put in its shared memory; given where a request asks for that. */
  readInPlace?: (target: Float32Array) => void;
  /** Told of each attempt that broke and is followed by another. */
  onFailure?: () => void;
}

/**
 * Pulls floats into `target`, all of them or an error. What breaks on the way (a reset connection, a restarted server) is
 * tried again until `deadline`, since a pull only reads; what the peer refuses is not.
 * `name` is the peer, for the error.
 */
export async function pullFloats(
  client: PeerClient,
  name: string,
  request: Omit<PullRequest, 'inPlace'>,
  target: Float32Array,
  options: PullOptions,
): Promise<void> {
  const attempt = async (): Promise<void> => {
    try {
      await pullOnce(client, request, target, options);
    } catch (thrown) {
      const error = errorFromStatus(thrown, 'trainer_lost');
      // Cancelled, and not by us: the peer's side of the call broke.
      throw error.code === 'cancelled'
        ? new GanTrainError('trainer_lost', error.what, undefined, error)
        : error;
    }
  };
  await retry(attempt, {
    what: `pulling from ${name}`,
    deadline: options.deadline,
    signal: options.signal,
    passing: ['trainer_lost'],
    firstBackoffMs: 20,
    longestBackoffMs: 1_000,
    onFailure: () => options.onFailure?.(),
  });
}

async function pullOnce(
  client: PeerClient,
  request: Omit<PullRequest, 'inPlace'>,
  target: Float32Array,
  options: PullOptions,
): Promise<void> {
  const { readInPlace } = options;
  const call = client.Pull(
    { ...request, inPlace: readInPlace !== undefined },
    { deadline: options.deadline },
  );
  const chunks = readChunks(call, target.byteLength, options.signal, readInPlace !== undefined);
  for await (const { offset, payload } of chunks) {
    if (payload.length > 0) target.set(floatsFromBytes(payload), offset / 4);
    else readInPlace?.(target);
    options.onBytes(payload.length > 0 ? payload.length : target.byteLength);
  }
}
