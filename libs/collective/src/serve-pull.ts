import {
  chunkBytes,
  encodeChunk,
  isSameGeneration,
  nameOfGeneration,
  type GenerationId,
  type PullRequest,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { partOfBucket, type ElementRange } from './parts.js';
import type { SharedSums } from './shared-sums.js';
import type { PhaseBuffers, Shelf } from './shelf.js';

/** The generation that a member is in; whatever else is asked for is fenced. */
export interface Serving {
  runId: string;
  generation: GenerationId;
  members: number;
  rank: number;
  shelf: Shelf;
  /** Where members on this host read from; undefined where there is no such memory. */
  sums: SharedSums | undefined;
}

/** Answers `Peer.Pull`: encoded chunks, as soon as what they hold is final. Throws `fenced` or `protocol`. */
export async function* servePull(
  request: PullRequest,
  serving: Serving | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const { shelf, members, rank, sums } = fence(request, serving);
  const { position, kind, bucket, part, inPlace } = request;
  if (position === null || part >= members) throw new GanTrainError('protocol', 'no such part');
  const pieces = piecesOf(kind, await final());
  if (inPlace && sums !== undefined) {
    const { phase } = position;
    if (pieces.every(({ values, root, start }) => sums.put(position, { phase, root, start }, values))) {
      yield encodeChunk(4 * pieces.reduce((total, { values }) => total + values.length, 0), nothing);
      return;
    }
  }
  let offset = 0;
  for (const { values } of pieces) {
    for (let at = 0; at < values.length; at += chunkBytes / 4) {
      shelf.requireOpen();
      const chunk = values.subarray(at, at + chunkBytes / 4);
      yield encodeChunk(offset, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      offset += chunk.byteLength;
    }
  }

  async function final(): Promise<PhaseBuffers> {
    const at = position as NonNullable<typeof position>;
    switch (kind) {
      case 'PARTIAL':
        return shelf.partials(at, bucket, signal);
      case 'REDUCED':
        if (part !== rank) throw new GanTrainError('protocol', `part ${part} has another owner`);
        return shelf.reduced(at, bucket, signal);
      case 'KIND_UNSPECIFIED':
        throw new GanTrainError('protocol', 'a pull must say PARTIAL or REDUCED');
    }
  }

  /** The part, of every root's sum or of the reduced one. */
  function piecesOf(of: typeof kind, { partials, reduced, buckets }: PhaseBuffers) {
    const { start, end } = partOfBucket(buckets[bucket] as ElementRange, members, part);
    if (of === 'REDUCED') return [{ values: reduced.subarray(start, end), root: undefined, start }];
    return partials.map((partial, root) => ({ values: partial.subarray(start, end), root, start }));
  }
}

const nothing = new Uint8Array(0);

/** Throws `fenced` when the request is of another generation, or this member is in none. */
export function fence(
  request: Pick<PullRequest, 'runId' | 'generation'>,
  serving: Serving | undefined,
): Serving {
  const { runId, generation } = request;
  if (serving?.runId !== runId || !isSameGeneration(generation, serving.generation)) {
    const asked = `run ${runId} generation ${nameOfGeneration(generation)}`;
    throw new GanTrainError('fenced', `${asked} is not served here`);
  }
  return serving;
}
