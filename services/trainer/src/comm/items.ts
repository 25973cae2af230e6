import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShardRange } from '@gan-train/collective';
import { orderFromConfig } from '@gan-train/data/order';
import { chunkBytes, errorFromStatus, readChunks, type CoordinatorClient } from '@gan-train/rpc';
import type { RunConfig } from '@gan-train/service';
import { untilAnswered } from './until-answered.js';

export interface ItemSourceLimits {
  /** Item bytes kept; a data set that fits is fetched once. */
  cacheBytes: number;
  /** Between two requests for what no step needs yet: in its first steps a trainer has other things to do, and others wait for it. */
  fillPauseMs: number;
}

const defaultLimits: ItemSourceLimits = { cacheBytes: 256 * 1024 * 1024, fillPauseMs: 500 };
/** Steps whose items are fetched before they are needed, at least and at most: so long a trainer goes on without a coordinator. */
const leastWindowSteps = 4;
const mostWindowSteps = 64;
const fetchTimeoutMs = 120_000;
/** A coordinator that is gone is looked for elsewhere: whoever gives up on it aborts the signal. */
const lookMs = 1_000_000_000;

export interface ItemSource {
  /**
   * uint8 items of the shards at a step, in order; fetches those of the next steps meanwhile. A data set that the cache has room
   * for is fetched whole, little by little.
   */
  itemsOfStep(step: number, shards: ShardRange): Promise<Uint8Array>;
}

/** The items that a trainer needs, fetched from the coordinator ahead of time and kept while there is room. */
export function createItemSource(
  client: CoordinatorClient,
  runId: string,
  config: RunConfig,
  data: { items: number; itemBytes: number },
  signal: AbortSignal,
  { cacheBytes, fillPauseMs } = defaultLimits,
): ItemSource {
  // Every fetch under way listens to it.
  setMaxListeners(0, signal);
  const order = orderFromConfig(config, data.items);
  const perShard = config.batch / config.shards;
  const perFetch = Math.max(1, Math.floor((8 * chunkBytes) / data.itemBytes));
  const room = Math.min(data.items, Math.floor(cacheBytes / data.itemBytes));
  const isWhole = room === data.items;
  const windowSteps = Math.min(
    mostWindowSteps,
    Math.max(leastWindowSteps, Math.floor(room / config.batch) - 1),
  );
  const capacity = Math.max(config.batch * (windowSteps + 1), room);
  // In order of arrival; the oldest goes first.
  const cache = new Map<number, Promise<Uint8Array>>();

  const indicesOf = (step: number, { first, count }: ShardRange): number[] =>
    Array.from(order.itemsOfStep(step).subarray(first * perShard, (first + count) * perShard));

  /** Items; what isn't there is fetched. */
  function ensure(indices: readonly number[]): Promise<Uint8Array>[] {
    const missing = [...new Set(indices)].filter((index) => !cache.has(index));
    for (let at = 0; at < missing.length; at += perFetch) fetch(missing.slice(at, at + perFetch));
    const items = indices.map((index) => cache.get(index) as Promise<Uint8Array>);
    // Only now: the oldest may be among those that are wanted.
    makeRoom();
    return items;
  }

  function fetch(indices: number[]): void {
    const fetched = untilAnswered(
      'fetching items',
      async () => fetchItems(client, runId, indices, data.itemBytes, signal),
      { signal, timeoutMs: lookMs },
    );
    indices.forEach((index, i) => {
      const item = fetched.then((bytes) => bytes.subarray(i * data.itemBytes, (i + 1) * data.itemBytes));
      // A failure reaches whoever waits for the item; the next who needs it fetches it again.
      item.catch(() => cache.delete(index));
      cache.set(index, item);
    });
  }

  function makeRoom(): void {
    for (const [oldest] of cache) {
      if (cache.size <= capacity) break;
      cache.delete(oldest);
    }
  }

  let isFilling = false;
  /** Fetches what is not there yet, one request after the other, so that what a step waits for comes first. */
  async function fill(): Promise<void> {
    isFilling = true;
    for (let from = 0; from < data.items && !signal.aborted; from += perFetch) {
      const until = Math.min(data.items, from + perFetch);
      await delay(fillPauseMs, undefined, { signal, ref: false });
      const missing = Array.from({ length: until - from }, (_, i) => from + i).filter((i) => !cache.has(i));
      if (missing.length === 0) continue;
      fetch(missing);
      await Promise.all(missing.map(async (index) => cache.get(index)));
    }
  }

  /** Where the window ends that is asked for, and whose shards it has. */
  let asked = { until: 0, shards: { first: 0, count: 0 } };
  function lookAhead(step: number, shards: ShardRange): void {
    const isSame = asked.shards.first === shards.first && asked.shards.count === shards.count;
    const from = isSame && asked.until >= step ? asked.until + 1 : step + 1;
    const until = step + windowSteps;
    const ahead = Array.from({ length: until - from + 1 }, (_, i) => indicesOf(from + i, shards));
    void ensure(ahead.flat());
    asked = { until, shards };
  }

  return {
    async itemsOfStep(step, shards) {
      const wanted = ensure(indicesOf(step, shards));
      lookAhead(step, shards);
      const items = await Promise.all(wanted);
      // A failure reaches whoever waits for an item.
      if (isWhole && !isFilling && shards.count > 0) fill().catch(() => undefined);
      const bytes = new Uint8Array(items.length * data.itemBytes);
      items.forEach((item, i) => bytes.set(item, i * data.itemBytes));
      return bytes;
    },
  };
}

async function fetchItems(
  client: CoordinatorClient,
  runId: string,
  indices: number[],
  itemBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const call = client.FetchItems({ runId, indices }, { deadline: Date.now() + fetchTimeoutMs });
  const bytes = new Uint8Array(indices.length * itemBytes);
  try {
    for await (const { offset, payload } of readChunks(call, bytes.length, signal))
      bytes.set(payload, offset);
  } catch (error) {
    throw errorFromStatus(error, 'coordinator_lost');
  }
  return bytes;
}
