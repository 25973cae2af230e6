import {
  allReduce,
  bucketsOfLength,
  createShelf,
  rootsOfRange,
  type Group,
  type Serving,
} from '@gan-train/collective';
import { layoutsFromOptions } from '@gan-train/gan/layout';
import { createPeerClient, type Start } from '@gan-train/rpc';
import { GanTrainError, modelFromConfig, type RunConfig } from '@gan-train/service';
import type { GenerationOrder } from '../comm-calls.js';

/** One phase may take long at full width; a peer that never answers is the coordinator's to evict. */
const phaseTimeoutMs = 1_800_000;

/** This trainer's place in one generation: buffers, connections to the other members, what it serves. */
export interface OpenGeneration {
  order: GenerationOrder;
  serving: Serving;
  publish(position: { step: number; phase: number }): void;
  /** Rejects with `cancelled` once the generation is closed. */
  allReduce(position: { step: number; phase: number }): Promise<void>;
  /** Nothing is served or pulled in it any more. */
  close(): void;
}

export function openGeneration(
  start: Start,
  runId: string,
  incarnation: string,
  config: RunConfig,
  onBytes: (bytes: number) => void,
): OpenGeneration {
  const { members } = start;
  const generation = { term: start.generation?.term ?? 0, n: start.generation?.n ?? 0 };
  const rank = members.findIndex((member) => member.incarnation === incarnation);
  const own = members[rank];
  if (own === undefined)
    throw new GanTrainError('protocol', 'a generation was started here without this trainer');
  const shards = { first: own.firstShard, count: own.shardCount };
  const { phases } = layoutsFromOptions(modelFromConfig(config));
  const buffers = [phases.d, phases.g].map(({ length }) => {
    // One element more than the layout: whether a member wants to stop.
    const shared = (): SharedArrayBuffer => new SharedArrayBuffer(4 * (length + 1));
    return { partials: rootsOfRange(shards).map(shared), reduced: shared() };
  });
  const shelf = createShelf(
    buffers.map(({ partials, reduced }) => ({
      partials: partials.map((partial) => new Float32Array(partial)),
      reduced: new Float32Array(reduced),
      buckets: bucketsOfLength(reduced.byteLength / 4, config.bucketKiB * 256),
    })),
  );
  const clients = members.map(({ address }, i) => (i === rank ? undefined : createPeerClient(address)));
  const group: Group = {
    runId,
    generation,
    rank,
    shelf,
    members: members.map(({ address, firstShard, shardCount }, i) => ({
      name: `trainer ${i} (${address})`,
      shards: { first: firstShard, count: shardCount },
      client: clients[i],
    })),
  };
  const closed = new AbortController();
  return {
    order: { generation, rank, members: members.length, shards, steps: start.steps, buffers },
    serving: { runId, generation, members: members.length, rank, shelf },
    publish(position) {
      shelf.publishPartials(position, shelf.buffers(position.phase).buckets.length);
    },
    async allReduce(position) {
      if (closed.signal.aborted) throw new GanTrainError('cancelled', 'the generation is closed');
      shelf.open(position);
      const options = { timeoutMs: phaseTimeoutMs, signal: closed.signal, onBytes };
      try {
        await allReduce(group, position, options);
      } catch (error) {
        // What breaks because the generation ends, ends as its end.
        if (closed.signal.aborted)
          throw new GanTrainError('cancelled', 'the generation is closed', undefined, error);
        throw error;
      }
    },
    close() {
      closed.abort();
      shelf.close();
      for (const client of clients) client?.close();
    },
  };
}
