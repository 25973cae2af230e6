import { setTimeout as delay } from 'node:timers/promises';
import { callUnary, type PeerClient, type ShareReply, type ShareRequest } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { fence, type Serving } from './serve-pull.js';
import { openPeerSums, type PeerSums, type SumsLayout } from './shared-sums.js';

const askTimeoutMs = 10_000;
const firstBackoffMs = 10;
const longestBackoffMs = 500;

/** Answers `Peer.Share`. Throws `fenced` outside of the generation. */
export function serveShare(request: ShareRequest, serving: Serving | undefined): ShareReply {
  const { sums } = fence(request, serving);
  return sums?.address ?? { pid: 0, fd: 0, token: Buffer.alloc(0) };
}

/**
 * Waits until a member has begun the generation, and opens its sums if it is on this host. Throws `cancelled` when the signal
 * aborts, and what the member last answered when it's too late.
 */
export async function meetMember(
  { client, name }: { client: PeerClient; name: string },
  request: { runId: string; generation: { term: number; n: number } },
  layout: SumsLayout,
  options: { deadline: number; signal: AbortSignal },
): Promise<PeerSums | undefined> {
  const call = client.Share.bind(client) as Parameters<typeof callUnary<typeof request, ShareReply>>[0];
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, longestBackoffMs)) {
    if (options.signal.aborted) throw new GanTrainError('cancelled', 'the generation is closed');
    try {
      const reply = await callUnary(call, request, { timeoutMs: askTimeoutMs, unavailable: 'trainer_lost' });
      return openPeerSums(reply, layout);
    } catch (thrown) {
      const error = GanTrainError.from(thrown);
      const isEarly = ['fenced', 'trainer_lost', 'cancelled', 'timeout'].includes(error.code);
      if (!isEarly || Date.now() + backoffMs > options.deadline) {
        throw new GanTrainError(error.code, `meeting ${name}: ${error.what}`, undefined, error);
      }
      // An abort shortens the wait; the check above then ends the loop.
      await delay(backoffMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}
