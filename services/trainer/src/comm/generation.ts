import { setMaxListeners } from 'node:events';
import {
  allReduce,
  bucketsOfLength,
  createShelf,
  meetMember,
  rootsOfRange,
  type GroupMember,
  type Serving,
} from '@gan-train/collective';
import { layoutsFromOptions } from '@gan-train/gan/layout';
import {
  createPeerClient,
  noGeneration,
  tripleFromMessage,
  type Position,
  type Start,
  type TlsIdentity,
} from '@gan-train/rpc';
import { GanTrainError, modelFromConfig, untilAborted, type RunConfig } from '@gan-train/service';
import { wishes, type GenerationOrder, type StateSlice } from '../comm-calls.js';
import { createArrivals } from './arrivals.js';
import type { GenerationMemory } from './generation-memory.js';
import { createHeldState, type HeldState } from './held-state.js';
import { createPeerWatch } from './peer-watch.js';

/** One phase may take long at full width; a peer that never answers is the coordinator's to evict. */
const phaseTimeoutMs = 1_800_000;

/** This trainer's place in one generation: buffers, connections to the other members, what it serves. */
export interface OpenGeneration {
  order: GenerationOrder;
  serving: Serving;
  /** What this member gives to those that take the state over. */
  held: HeldState;
  /** Members that hold the state that the generation starts from, in the order of their slices, as soon as all have begun it. */
  holders(): Promise<readonly GroupMember[]>;
  source: Start['source'];
  /** Aborts when the generation ends. */
  closed: AbortSignal;
  /** Ranks that something is asked of, and those of them that don't answer. */
  waiting(): { waitingFor: number[]; unreachable: number[] };
  /** The first `buckets` buckets of this trainer's partial sums are final. */
  publish(position: Position, buckets: number): void;
  /** Rejects with `cancelled` once the generation is closed. */
  allReduce(position: Position): Promise<void>;
  /** Resolves with the number of leading buckets that are reduced, once it is more than `beyond`. Rejects as `allReduce`. */
  reduced(position: Position, beyond: number): Promise<number>;
  /** Nobody takes the state over any more. */
  releaseState(): void;
  /** Nothing is served or pulled in it any more. */
  close(): void;
}

/** Of this trainer and its run. */
export interface About {
  runId: string;
  incarnation: string;
  config: RunConfig;
  tls: TlsIdentity | undefined;
}

/** Floats of the sums of each phase. */
export function phaseLengths(config: RunConfig): number[] {
  const { phases } = layoutsFromOptions(modelFromConfig(config));
  return [phases.d, phases.g].map(({ length }) => length + wishes.length);
}

export function openGeneration(
  start: Start,
  serial: number,
  { runId, incarnation, config, tls }: About,
  memory: GenerationMemory,
  onBytes: (bytes: number) => void,
): OpenGeneration {
  const { members, steps, source } = start;
  const generation = start.generation ?? noGeneration;
  const rank = members.findIndex((member) => member.incarnation === incarnation);
  const own = members[rank];
  if (own === undefined)
    throw new GanTrainError('protocol', 'a generation was started here without this trainer');
  const lengths = phaseLengths(config);
  const sumsLayout = (shards: { first: number; count: number }) => ({
    lengths,
    roots: rootsOfRange(shards).length,
  });
  const shards = { first: own.firstShard, count: own.shardCount };
  const bucketElements = config.bucketKiB * 256;
  const roots = rootsOfRange(shards);
  // The sum takes the place of the first partial, or of none where there is no shard.
  const perPhase = Math.max(roots.length, 1);
  const all = memory.buffers(lengths.flatMap((length) => Array.from({ length: perPhase }, () => 4 * length)));
  const buffers = lengths.map((_, phase) => {
    const first = phase * perPhase;
    const partials = all.slice(first, first + roots.length);
    return { partials, reduced: all[first] as SharedArrayBuffer, bucketElements };
  });
  const views = new Map<SharedArrayBuffer, Float32Array>();
  const viewOf = (buffer: SharedArrayBuffer): Float32Array => {
    const view = views.get(buffer) ?? new Float32Array(buffer);
    views.set(buffer, view);
    return view;
  };
  const shelf = createShelf(
    buffers.map(({ partials, reduced }) => ({
      partials: partials.map(viewOf),
      reduced: viewOf(reduced),
      buckets: bucketsOfLength(reduced.byteLength / 4, bucketElements),
    })),
  );
  const sums = members.length > 1 ? memory.shared.sums(sumsLayout(shards)) : undefined;
  const closed = new AbortController();
  // Every member on this host listens to it.
  setMaxListeners(0, closed.signal);
  const clients = members.map(({ address }, i) => (i === rank ? undefined : createPeerClient(address, tls)));
  const peers = createPeerWatch();
  const meetings = members.map(async ({ address, firstShard, shardCount }, i): Promise<GroupMember> => {
    const member = {
      name: `trainer ${i} (${address})`,
      shards: { first: firstShard, count: shardCount },
      client: clients[i],
    };
    if (member.client === undefined) return member;
    const peerSums = await meetMember(
      { client: member.client, name: member.name },
      { runId, generation },
      sumsLayout(member.shards),
      {
        deadline: Date.now() + phaseTimeoutMs,
        signal: closed.signal,
        // One that has not begun yet answers that.
        onFailure: ({ code }) => (code === 'fenced' ? peers.answered(i) : peers.failed(i)),
      },
    );
    peers.answered(i);
    closed.signal.addEventListener('abort', () => peerSums?.close());
    if (closed.signal.aborted) peerSums?.close();
    return { ...member, sums: peerSums };
  });
  const meeting = Promise.all(meetings);
  // It is awaited by each phase; until then a failure must not count as unhandled.
  meeting.catch(() => undefined);
  const arrivals = buffers.map(() => createArrivals());
  const held = createHeldState(closed.signal);
  const heals = !own.holds;
  const holding = members.flatMap(({ holds }, i) => (holds ? [i] : []));
  const sliceOf = (of: number): StateSlice => ({ index: holding.indexOf(of), count: holding.length });
  const arrivalsOf = ({ phase }: Position) => arrivals[phase] as ReturnType<typeof createArrivals>;
  return {
    order: {
      serial,
      generation,
      rank,
      members: members.length,
      shards,
      steps,
      state: tripleFromMessage(start.state),
      heals,
      gives: !heals && members.some(({ holds }) => !holds) ? sliceOf(rank) : undefined,
      buffers,
    },
    serving: { runId, generation, members: members.length, rank, shelf, sums },
    held,
    holders: async () => Promise.all(meetings.filter((_, i) => holding.includes(i))),
    source,
    closed: closed.signal,
    waiting: () => peers.ranks(),
    publish: (position, buckets) => shelf.publishPartials(position, buckets),
    async allReduce(position) {
      const arrived = arrivalsOf(position);
      arrived.begin(position.step);
      shelf.open(position);
      const options = {
        timeoutMs: phaseTimeoutMs,
        signal: closed.signal,
        onBytes,
        onBucket: (bucket: number) => arrived.note(bucket),
        peers,
      };
      try {
        const { spare } = memory;
        const group = { runId, generation, rank, shelf, spare, members: await meeting };
        await allReduce(group, position, options);
      } catch (thrown) {
        // A peer knows already that the generation is over: this trainer will be told, or finds that its place is given up.
        if (GanTrainError.from(thrown).code === 'fenced') await untilAborted(closed.signal);
        // What breaks because the generation ends, ends as its end.
        const error = closed.signal.aborted
          ? new GanTrainError('cancelled', 'the generation is closed', undefined, thrown)
          : GanTrainError.from(thrown);
        arrived.fail(error);
        throw error;
      }
    },
    reduced: async (position, beyond) => arrivalsOf(position).beyond(position.step, beyond),
    releaseState() {
      held.release();
      sums?.dropState();
    },
    close() {
      if (closed.signal.aborted) return;
      closed.abort(new GanTrainError('cancelled', 'the generation is closed'));
      held.close();
      shelf.close();
      sums?.close();
      for (const client of clients) client?.close();
    },
  };
}
