import { createOrder } from '@gan-train/data/order';
import {
  coordinatorService,
  createCoordinatorClient,
  createRpcServer,
  encodeChunk,
  listen,
  shutdown,
  streamHandler,
} from '@gan-train/rpc';
import { GanTrainError, resolveConfig } from '@gan-train/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createItemSource, type ItemSource } from './items.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const itemBytes = 6;
const config = resolveConfig({ preset: 'dcgan', batch: 8, shards: 4, seed: 3 });

/** What item `index` looks like. */
const itemOf = (index: number): number[] =>
  Array.from({ length: itemBytes }, (_, i) => (index * 31 + i) & 255);

interface FetchRequest {
  runId: string;
  indices: number[];
}

type Answer = (request: FetchRequest, signal: AbortSignal) => AsyncIterable<Buffer>;

/** Answers as a coordinator does, in chunks that cut items in two. */
async function* answer({ indices }: FetchRequest): AsyncGenerator<Buffer, void, void> {
  const bytes = Uint8Array.from(indices.flatMap(itemOf));
  for (let at = 0; at < bytes.length; at += 10) {
    yield await Promise.resolve(encodeChunk(at, bytes.subarray(at, at + 10)));
  }
}

/** An item source of a coordinator over real gRPC, and the indices that it was asked for. */
async function startSource(
  options: {
    items?: number;
    cacheItems?: number;
    answer?: Answer;
    signal?: AbortSignal;
    preset?: 'seed';
  } = {},
): Promise<{ source: ItemSource; asked: number[][] }> {
  const asked: number[][] = [];
  const server = createRpcServer();
  closing.push(() => void shutdown(server, 0));
  server.addService(coordinatorService, {
    FetchItems: streamHandler((request: FetchRequest, signal) => {
      expect(request.runId).toBe('run-1');
      asked.push(request.indices);
      return (options.answer ?? answer)(request, signal);
    }),
  });
  const client = createCoordinatorClient(`127.0.0.1:${await listen(server, '127.0.0.1', 0)}`);
  closing.push(() => client.close());
  const source = createItemSource(
    client,
    'run-1',
    { ...config, ...(options.preset && { preset: options.preset }) },
    { items: options.items ?? 1000, itemBytes },
    options.signal ?? new AbortController().signal,
    { cacheBytes: (options.cacheItems ?? 1000) * itemBytes, fillPauseMs: 1 },
  );
  return { source, asked };
}

/** The bytes that a step's shards consist of, by the order alone. */
function expectedBytes(
  step: number,
  shards: { first: number; count: number },
  items = 1000,
  withReplacement = false,
): number[] {
  const order = createOrder({ seed: config.seed, items, batch: config.batch, withReplacement });
  const perShard = config.batch / config.shards;
  const indices = order
    .itemsOfStep(step)
    .slice(shards.first * perShard, (shards.first + shards.count) * perShard);
  return [...indices].flatMap(itemOf);
}

const all = { first: 0, count: 4 };

describe('the item source', () => {
  it.each([all, { first: 1, count: 2 }, { first: 3, count: 1 }])(
    'gives the items of its shards in order: %j',
    async (shards) => {
      const { source } = await startSource();
      for (const step of [1, 2, 3, 7]) {
        expect([...(await source.itemsOfStep(step, shards))]).toEqual(expectedBytes(step, shards));
      }
    },
  );

  it('gives nothing to a trainer without shards, and asks for nothing', async () => {
    const { source, asked } = await startSource();
    expect(await source.itemsOfStep(1, { first: 0, count: 0 })).toHaveLength(0);
    expect(asked).toEqual([]);
  });

  it("asks for no item of another trainer's shards, and for the next steps ahead of time", async () => {
    const shards = { first: 2, count: 1 };
    // Room for 13 batches: this step's, and those of 12 more.
    const { source, asked } = await startSource({ cacheItems: 8 * 13 });
    await source.itemsOfStep(1, shards);
    const order = createOrder({ seed: config.seed, items: 1000, batch: 8, withReplacement: false });
    const needed = Array.from({ length: 13 }, (_, i) => 1 + i).flatMap((step) => [
      ...order.itemsOfStep(step).slice(4, 6),
    ]);
    expect(asked.flat().sort((a, b) => a - b)).toEqual(needed.sort((a, b) => a - b));
  });

  it('fetches all of a data set that fits, each item once, after the first step', async () => {
    const { source, asked } = await startSource();
    await source.itemsOfStep(1, { first: 0, count: 1 });
    await vi.waitFor(() => expect(asked.flat()).toHaveLength(1000));
    expect(new Set(asked.flat()).size).toBe(1000);
  });

  it('fetches a data set that fits once, over many epochs, though batches cross them', async () => {
    const items = 13;
    const { source, asked } = await startSource({ items });
    for (let step = 1; step <= 40; step++) {
      expect([...(await source.itemsOfStep(step, all))]).toEqual(expectedBytes(step, all, items));
    }
    expect(asked.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: items }, (_, i) => i));
  });

  it('keeps giving the right items when the cache is too small for the data set', async () => {
    const items = 60;
    const { source, asked } = await startSource({ items, cacheItems: 1 });
    for (let step = 1; step <= 60; step++) {
      expect([...(await source.itemsOfStep(step, all))]).toEqual(expectedBytes(step, all, items));
    }
    // Forgotten items were fetched again.
    expect(asked.flat().length).toBeGreaterThan(2 * items);
  });

  it('gives items that are drawn twice in a batch', async () => {
    const items = 3;
    const { source, asked } = await startSource({ items, preset: 'seed' });
    for (const step of [1, 2, 3]) {
      expect([...(await source.itemsOfStep(step, all))]).toEqual(expectedBytes(step, all, items, true));
    }
    expect(asked.flat().length).toBeLessThanOrEqual(items);
  });

  it('hands out bytes of its own: who changes them changes no later step', async () => {
    const items = 8;
    const { source } = await startSource({ items });
    (await source.itemsOfStep(1, all)).fill(0);
    expect([...(await source.itemsOfStep(2, all))]).toEqual(expectedBytes(2, all, items));
  });

  it('passes on what the coordinator says, and fetches again for the next who asks', async () => {
    let fails = true;
    const { source } = await startSource({
      answer: (request) => {
        if (fails) throw new GanTrainError('identity_changed', 'a.png has other content');
        return answer(request);
      },
    });
    await expect(source.itemsOfStep(1, all)).rejects.toMatchObject({ code: 'identity_changed' });
    fails = false;
    expect([...(await source.itemsOfStep(1, all))]).toEqual(expectedBytes(1, all));
  });

  it.each<[string, Answer]>([
    [
      'too few bytes',
      async function* () {
        yield await Promise.resolve(encodeChunk(0, new Uint8Array(3)));
      },
    ],
    [
      'too many bytes',
      async function* () {
        yield await Promise.resolve(encodeChunk(0, new Uint8Array(1000)));
      },
    ],
    [
      'a gap',
      async function* () {
        yield await Promise.resolve(encodeChunk(6, new Uint8Array(6)));
      },
    ],
    [
      'what is no chunk',
      async function* () {
        yield await Promise.resolve(Buffer.from('hello, I am no chunk'));
      },
    ],
  ])('refuses %s', async (_name, answering) => {
    const { source } = await startSource({ answer: answering });
    await expect(source.itemsOfStep(1, all)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('ends what it waits for when the session ends', async () => {
    const gone = new AbortController();
    const { source } = await startSource({
      signal: gone.signal,
      answer: async function* () {
        yield* [] as Buffer[];
        gone.abort();
        await new Promise<never>(() => undefined);
      },
    });
    await expect(source.itemsOfStep(1, all)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
