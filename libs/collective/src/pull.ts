import { setTimeout as delay } from 'node:timers/promises';
import {
  errorFromStatus,
  floatsFromBytes,
  readChunks,
  type PeerClient,
  type PullRequest,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

const firstBackoffMs = 20;
const longestBackoffMs = 1_000;

export interface PullOptions {
  deadline: number;
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
  /** Reads what the peer has put in its shared memory; given where a request asks for that. */
  readInPlace?: (target: Float32Array) => void;
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
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, longestBackoffMs)) {
    if (options.signal.aborted) throw new GanTrainError('cancelled', 'the generation is closed');
    try {
      await pullOnce(client, request, target, options);
      return;
    } catch (thrown) {
      const error = errorFromStatus(thrown, 'trainer_lost');
      const late = Date.now() + backoffMs > options.deadline;
      if (options.signal.aborted) continue;
      // Cancelled, and not by us: the peer's side of the call broke.
      const isBroken = error.code === 'trainer_lost' || error.code === 'cancelled';
      if (!isBroken || late) {
        const code = isBroken ? 'trainer_lost' : error.code;
        throw new GanTrainError(code, `pulling from ${name}: ${error.what}`, undefined, error);
      }
      // An abort shortens the wait; the check above then ends the loop.
      await delay(backoffMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
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
