import { setMaxListeners } from 'node:events';
import type { GenerationId, PeerClient, Position } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { partOfBucket, type ElementRange } from './parts.js';
import { pullFloats, type PullOptions } from './pull.js';
import type { PeerSums } from './shared-sums.js';
import type { PhaseBuffers, Shelf } from './shelf.js';
import { rootsOfRange, sumTree, type ShardRange, type SumNode } from './tree.js';

/** Buckets that are under way at once: enough to hide latency, few enough to bound memory. */
const bucketsInFlight = 3;

export interface GroupMember {
  name: string;
  shards: ShardRange;
  /** Undefined for this member itself. */
  client: PeerClient | undefined;
  /** Its sums, when it is on this host: then only word that they are there goes through `client`. */
  sums?: PeerSums | undefined;
}

export interface Group {
  runId: string;
  generation: GenerationId;
  rank: number;
  members: readonly GroupMember[];
  shelf: Shelf;
  /** Room for what is pulled before it is summed, kept from phase to phase. */
  spare: Map<string, Float32Array>;
}

export interface AllReduceOptions {
  timeoutMs: number;
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
  /** Told of every bucket once `reduced` holds its sum. */
  onBucket?: (bucket: number) => void;
  /** Told of what is asked of whom. */
  peers?: PeerWatch;
}

/** Whom a member waits for, by rank. */
export interface PeerWatch {
  /** Something is asked of a peer; the function that it returns says that it came, or isn't wanted any more. */
  asked(rank: number): () => void;
  /** It did not answer, and is asked again. */
  failed(rank: number): void;
}

/**
 * Direct reduce-scatter, then all-gather, of one phase: for every bucket this member pulls its part of everybody's partials,
 * finishes the tree over all shards, and pulls the other parts from their owners. Resolves when `reduced` of the phase's
 * buffers holds the sum over all V shards: the same bits in every member, whatever their number. What is pulled into a
 * part of `reduced` comes from its owner, who by then has pulled the partials of it: so `reduced` may be the first of `partials`.
 * Throws `trainer_lost`, `timeout`, `fenced`, `protocol`, or `cancelled` when the signal aborts.
 */
export async function allReduce(group: Group, position: Position, options: AllReduceOptions): Promise<void> {
  const buffers = group.shelf.buffers(position.phase);
  // The first failure ends the other buckets' pulls too. AbortSignal.any would leave a WeakRef on the generation's signal in every phase.
  const ended = new AbortController();
  const { signal } = ended;
  const end = (): void => ended.abort(options.signal.reason);
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  // Every pull under way listens to it.
  setMaxListeners(0, signal);
  const { onBytes, peers } = options;
  const pulls = { signal, deadline: Date.now() + options.timeoutMs, onBytes, peers };
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    for (let bucket = next++; bucket < buffers.buckets.length; bucket = next++) {
      await reduceBucket(group, position, buffers, { bucket, lane: number }, pulls);
      options.onBucket?.(bucket);
    }
  };
  try {
    await Promise.all(Array.from({ length: bucketsInFlight }, async (_, number) => lane(number)));
  } catch (error) {
    ended.abort();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', end);
  }
}

type Pulls = Omit<PullOptions, 'readInPlace' | 'onFailure'> & { peers: PeerWatch | undefined };

async function reduceBucket(
  group: Group,
  position: Position,
  buffers: PhaseBuffers,
  { bucket, lane }: { bucket: number; lane: number },
  pulls: Pulls,
): Promise<void> {
  const { reduced } = buffers;
  const range = buffers.buckets[bucket] as ElementRange;
  const n = group.members.length;
  const others = group.members
    .map((member, rank) => ({ ...member, rank }))
    .filter((m) => m.rank !== group.rank);
  const own = partOfBucket(range, n, group.rank);

  // Asked for at once, answered when they are there: that saves the way of a request.
  const gathering = Promise.all(
    others.map(async (member) => {
      const { start, end } = partOfBucket(range, n, member.rank);
      const target = reduced.subarray(start, end);
      if (start < end) await pull(member, member.rank, 'REDUCED', member.rank, target, [{ start }]);
    }),
  );
  // It is awaited below; a failure until then must not count as unhandled.
  gathering.catch(() => undefined);
  const nodes = await Promise.all(group.members.map(async (member, rank) => nodesOfMember(member, rank)));
  // What is here may belong to the next generation by now.
  if (pulls.signal.aborted) throw new GanTrainError('cancelled', 'the generation is closed');
  const sum = sumTree(nodes.flat());
  if (!isSame(sum, reduced.subarray(own.start, own.end))) reduced.set(sum, own.start);
  group.shelf.publishReduced(position, bucket);
  await gathering;

  async function nodesOfMember(member: GroupMember, rank: number): Promise<SumNode[]> {
    const roots = rootsOfRange(member.shards);
    if (member.client === undefined) {
      await group.shelf.partials(position, bucket, pulls.signal);
      // Nobody pulls this member's own part, so it is free to become the sum.
      return roots.map((root, i) => {
        const partial = buffers.partials[i] as Float32Array;
        return { ...root, values: partial.subarray(own.start, own.end), keep: partial === reduced };
      });
    }
    const length = own.end - own.start;
    // Roots come one after the other in shard order.
    const all = spareFloats(group.spare, `${lane} ${rank}`, roots.length * length);
    const places = roots.map((_, root) => ({ root, start: own.start }));
    if (all.length > 0) await pull(member, rank, 'PARTIAL', group.rank, all, places);
    return roots.map((root, i) => ({ ...root, values: all.subarray(i * length, (i + 1) * length) }));
  }

  /** Pulls a part into `target`; in a member's memory it lies in equal pieces at `places`. */
  async function pull(
    { client, name, sums }: GroupMember,
    rank: number,
    kind: 'PARTIAL' | 'REDUCED',
    part: number,
    target: Float32Array,
    places: readonly { root?: number; start: number }[],
  ): Promise<void> {
    const { runId, generation } = group;
    const length = target.length / places.length;
    const readInPlace = (): void =>
      places.forEach(({ root, start }, i) => {
        sums?.read({ phase: position.phase, root, start }, target.subarray(i * length, (i + 1) * length));
      });
    const request = { runId, generation, position, kind, bucket, part };
    const { peers, ...rest } = pulls;
    const options = {
      ...rest,
      ...(sums !== undefined && { readInPlace }),
      onFailure: () => peers?.failed(rank),
    };
    const done = peers?.asked(rank);
    try {
      await pullFloats(client as PeerClient, name, request, target, options);
    } finally {
      done?.();
    }
  }
}

const isSame = (a: Float32Array, b: Float32Array): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset;

/** The first `length` floats of the room under a name, which grows when it must. */
function spareFloats(spare: Map<string, Float32Array>, name: string, length: number): Float32Array {
  let room = spare.get(name);
  if (room === undefined || room.length < length) {
    room = new Float32Array(length);
    spare.set(name, room);
  }
  return room.subarray(0, length);
}
