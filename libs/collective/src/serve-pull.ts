import { chunkBytes, encodeChunk, type PullRequest } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { partOfBucket, type ElementRange } from './parts.js';
import type { Shelf } from './shelf.js';

/** The generation that a member is in; whatever else is asked for is fenced. */
export interface Serving {
  runId: string;
  generation: { term: number; n: number };
  members: number;
  rank: number;
  shelf: Shelf;
}

/** Answers `Peer.Pull`: encoded chunks, as soon as what they hold is final. Throws `fenced` or `protocol`. */
export async function* servePull(
  request: PullRequest,
  serving: Serving | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const { shelf, members } = fence(request, serving);
  const { position, bucket, part } = request;
  if (position === null || part >= members) throw new GanTrainError('protocol', 'no such part');
  let offset = 0;
  for (const values of await sources()) {
    const range = partOfBucket(bucketOf(values), members, part);
    const floats = values.data.subarray(range.start, range.end);
    for (let at = 0; at < floats.length; at += chunkBytes / 4) {
      const piece = floats.subarray(at, at + chunkBytes / 4);
      yield encodeChunk(offset, new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
      offset += piece.byteLength;
    }
  }

  async function sources(): Promise<{ data: Float32Array; buckets: readonly ElementRange[] }[]> {
    const at = position as NonNullable<typeof position>;
    switch (request.kind) {
      case 'PARTIAL': {
        const { partials, buckets } = await shelf.partials(at, bucket, signal);
        return partials.map((data) => ({ data, buckets }));
      }
      case 'REDUCED': {
        if (part !== serving?.rank) throw new GanTrainError('protocol', `part ${part} has another owner`);
        const { reduced, buckets } = await shelf.reduced(at, bucket, signal);
        return [{ data: reduced, buckets }];
      }
      case 'KIND_UNSPECIFIED':
        throw new GanTrainError('protocol', 'a pull must say PARTIAL or REDUCED');
    }
  }

  function bucketOf({ buckets }: { buckets: readonly ElementRange[] }): ElementRange {
    return buckets[bucket] as ElementRange;
  }
}

function fence(request: PullRequest, serving: Serving | undefined): Serving {
  const { runId, generation } = request;
  if (
    serving === undefined ||
    runId !== serving.runId ||
    generation?.term !== serving.generation.term ||
    generation.n !== serving.generation.n
  ) {
    const asked = `run ${runId} generation ${generation?.term ?? 0}.${generation?.n ?? 0}`;
    throw new GanTrainError('fenced', `${asked} is not served here`);
  }
  return serving;
}
