import { setMaxListeners } from 'node:events';
import { retry, type ShardRange } from '@gan-train/collective';
import { orderFromConfig } from '@gan-train/data/order';
import { chunkBytes, errorFromStatus, readChunks, type CoordinatorClient } from '@gan-train/rpc';
import type { RunConfig } from '@gan-train/service';

/** Item bytes kept; a data set that fits is fetched once. */
const defaultCacheBytes = 256 * 1024 * 1024;
/** Steps whose items are fetched before they are needed. */
const windowSteps = 4;
const fetchTimeoutMs = 120_000;
/** A coordinator that is gone is looked for elsewhere: whoever gives up on it aborts the signal. */
const lookMs = 1_000_000_000;

export interface ItemSource {
  /** uint8 items of the shards at a step, in order; fetches those of the next steps meanwhile. */
  itemsOfStep(step: number, shards: ShardRange): Promise<Uint8Array>;
}

/** The items that a trainer needs, fetched from the coordinator ahead of time and kept while there is room. */
export function createItemSource(
  client: CoordinatorClient,
  runId: string,
  config: RunConfig,
  data: { items: number; itemBytes: number },
  signal: AbortSignal,
  cacheBytes = defaultCacheBytes,
): ItemSource {
  // Every fetch under way listens to it.
  setMaxListeners(0, signal);
  const order = orderFromConfig(config, data.items);
  const perShard = config.batch / config.shards;
  const perStep = config.batch * (windowSteps + 1);
  const capacity = Math.max(perStep, Math.min(data.items, Math.floor(cacheBytes / data.itemBytes)));
  // In order of arrival; the oldest goes first.
  const cache = new Map<number, Promise<Uint8Array>>();

  /** The items of the shards at a step; what isn't there is fetched. */
  function ensure(step: number, shards: ShardRange): Promise<Uint8Array>[] {
    const all = order.itemsOfStep(step);
    const indices = Array.from(
      all.subarray(shards.first * perShard, (shards.first + shards.count) * perShard),
    );
    const missing = [...new Set(indices)].filter((index) => !cache.has(index));
    const perFetch = Math.max(1, Math.floor((8 * chunkBytes) / data.itemBytes));
    for (let at = 0; at < missing.length; at += perFetch) fetch(missing.slice(at, at + perFetch));
    const items = indices.map((index) => cache.get(index) as Promise<Uint8Array>);
    // Only now: the oldest may be among those that are wanted.
    makeRoom();
    return items;
  }

  function fetch(indices: number[]): void {
    const fetched = retry(async () => fetchItems(client, runId, indices, data.itemBytes, signal), {
      what: 'fetching items',
      deadline: Date.now() + lookMs,
      signal,
      passing: ['coordinator_lost', 'timeout', 'cancelled'],
      firstBackoffMs: 100,
      longestBackoffMs: 2_000,
    });
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

  return {
    async itemsOfStep(step, shards) {
      const wanted = ensure(step, shards);
      for (let ahead = 1; ahead <= windowSteps; ahead++) void ensure(step + ahead, shards);
      const items = await Promise.all(wanted);
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
