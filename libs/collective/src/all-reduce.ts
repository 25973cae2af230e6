import { setMaxListeners } from 'node:events';
import type { PeerClient } from '@gan-train/rpc';
import { partOfBucket, type ElementRange } from './parts.js';
import { pullFloats } from './pull.js';
import type { PhaseBuffers, Position, Shelf } from './shelf.js';
import { rootsOfRange, sumTree, type ShardRange, type TreeNode } from './tree.js';

/** Buckets that are under way at once: enough to hide latency, few enough to bound memory. */
const bucketsInFlight = 3;

export interface GroupMember {
  name: string;
  shards: ShardRange;
  /** Undefined for this member itself. */
  client: PeerClient | undefined;
}

export interface Group {
  runId: string;
  generation: { term: number; n: number };
  rank: number;
  members: readonly GroupMember[];
  shelf: Shelf;
}

export interface AllReduceOptions {
  timeoutMs: number;
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
}

/**
 * Direct reduce-scatter, then all-gather, of one phase: for every bucket this member pulls its part of everybody's partials,
 * finishes the tree over all shards, and pulls the other parts from their owners. Resolves when `reduced` of the phase's
 * buffers holds the sum over all V shards: the same bits in every member, whatever their number.
 * Throws `trainer_lost`, `timeout`, `fenced`, `protocol`, or `cancelled` when the signal aborts.
 */
export async function allReduce(group: Group, position: Position, options: AllReduceOptions): Promise<void> {
  const buffers = group.shelf.buffers(position.phase);
  // The first failure ends the other buckets' pulls too.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Every pull under way listens to it.
  setMaxListeners(0, signal);
  const pulls = { signal, deadline: Date.now() + options.timeoutMs, onBytes: options.onBytes };
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let bucket = next++; bucket < buffers.buckets.length; bucket = next++) {
      await reduceBucket(group, position, buffers, bucket, pulls);
    }
  };
  try {
    await Promise.all(Array.from({ length: bucketsInFlight }, lane));
  } catch (error) {
    failed.abort();
    throw error;
  }
}

type Pulls = Parameters<typeof pullFloats>[4];

async function reduceBucket(
  group: Group,
  position: Position,
  buffers: PhaseBuffers,
  bucket: number,
  pulls: Pulls,
): Promise<void> {
  const range = buffers.buckets[bucket] as ElementRange;
  const n = group.members.length;
  const request = { runId: group.runId, generation: group.generation, position, bucket };
  const others = group.members
    .map((member, rank) => ({ ...member, rank }))
    .filter((m) => m.rank !== group.rank);

  const own = partOfBucket(range, n, group.rank);
  const nodes = await Promise.all(group.members.map(async (member) => nodesOfMember(member)));
  buffers.reduced.set(sumTree(nodes.flat()), own.start);
  group.shelf.publishReduced(position, bucket);

  await Promise.all(
    others.map(async ({ client, name, rank }) => {
      const part = partOfBucket(range, n, rank);
      if (client === undefined || part.start === part.end) return;
      const target = buffers.reduced.subarray(part.start, part.end);
      await pullFloats(client, name, { ...request, kind: 'REDUCED', part: rank }, target, pulls);
    }),
  );

  async function nodesOfMember({
    client,
    name,
    shards,
  }: GroupMember): Promise<(TreeNode & { values: Float32Array })[]> {
    const roots = rootsOfRange(shards);
    const length = own.end - own.start;
    if (client === undefined) {
      await group.shelf.partials(position, bucket, pulls.signal);
      return roots.map((root, i) => {
        const partial = buffers.partials[i] as Float32Array;
        return { ...root, values: partial.slice(own.start, own.end) };
      });
    }
    // Roots come one after the other in shard order.
    const all = new Float32Array(roots.length * length);
    if (all.length > 0) {
      await pullFloats(client, name, { ...request, kind: 'PARTIAL', part: group.rank }, all, pulls);
    }
    return roots.map((root, i) => ({ ...root, values: all.subarray(i * length, (i + 1) * length) }));
  }
}
