import type { GanTrainError } from '@gan-train/service';
import {
  callUnary,
  type GenerationId,
  type PeerClient,
  type ShareReply,
  type ShareRequest,
} from '@gan-train/rpc';
import { retry } from './retry.js';
import { fence, type Serving } from './serve-pull.js';
import { openPeerSums, type PeerSums, type SumsLayout } from './shared-sums.js';

const askTimeoutMs = 10_000;

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
  request: { runId: string; generation: GenerationId },
  layout: SumsLayout,
  options: { deadline: number; signal: AbortSignal; onFailure?: (error: GanTrainError) => void },
): Promise<PeerSums | undefined> {
  const call = client.Share.bind(client) as Parameters<typeof callUnary<typeof request, ShareReply>>[0];
  const attempt = async (): Promise<PeerSums | undefined> =>
    openPeerSums(
      await callUnary(call, request, { timeoutMs: askTimeoutMs, unavailable: 'trainer_lost' }),
      layout,
    );
  return retry(attempt, {
    what: `meeting ${name}`,
    ...options,
    passing: ['fenced', 'trainer_lost', 'cancelled', 'timeout'],
    firstBackoffMs: 10,
    longestBackoffMs: 500,
  });
}
