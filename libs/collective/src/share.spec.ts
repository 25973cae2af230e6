import {
  createPeerClient,
  createRpcServer,
  listen,
  shutdown,
  peerService,
  unaryHandler,
  type PeerClient,
  type ShareReply,
  type ShareRequest,
} from '@gan-train/rpc';
import { afterEach, describe, expect, it } from 'vitest';
import type { Serving } from './serve-pull.js';
import { meetMember, serveShare } from './share.js';
import { createSharedMemory, type PeerSums, type SharedSums } from './shared-sums.js';
import { createShelf } from './shelf.js';

const layout = { lengths: [4], roots: 1 };
const runId = 'run';
const generation = { term: 1, n: 2 };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function clientOf(answer: (request: ShareRequest) => ShareReply): Promise<PeerClient> {
  const server = createRpcServer();
  server.addService(peerService, {
    Share: unaryHandler(async (request: ShareRequest) => Promise.resolve(answer(request))),
  });
  const client = createPeerClient(`127.0.0.1:${await listen(server, '127.0.0.1', 0)}`);
  closing.push(
    () => void shutdown(server, 0),
    () => client.close(),
  );
  return client;
}

function servingWith(sums: SharedSums | undefined): Serving {
  return { runId, generation, members: 2, rank: 0, shelf: createShelf([]), sums };
}

const meet = async (client: PeerClient, options: Partial<Parameters<typeof meetMember>[3]> = {}) =>
  meetMember({ client, name: 'trainer 1' }, { runId, generation }, layout, {
    deadline: Date.now() + 20_000,
    signal: new AbortController().signal,
    ...options,
  });

describe('meetMember', () => {
  it('opens the sums of a member on this host', async () => {
    const memory = createSharedMemory();
    const sums = memory.sums(layout) as SharedSums;
    const client = await clientOf((request) => serveShare(request, servingWith(sums)));
    const peer = (await meet(client)) as PeerSums;
    closing.push(
      () => memory.close(),
      () => peer.close(),
    );
    const place = { phase: 0, root: 0, start: 0 };
    sums.put({ step: 1, phase: 0 }, place, Float32Array.of(7));
    const target = new Float32Array(1);
    peer.read(place, target);
    expect(target[0]).toBe(7);
  });

  it('finds none where a member has no such memory', async () => {
    const client = await clientOf((request) => serveShare(request, servingWith(undefined)));
    expect(await meet(client)).toBeUndefined();
  });

  it('waits for a member that has not begun the generation yet', async () => {
    let asked = 0;
    const client = await clientOf((request) =>
      serveShare(request, ++asked < 3 ? undefined : servingWith(undefined)),
    );
    const failures: string[] = [];
    await meet(client, { onFailure: ({ code }) => failures.push(code) });
    expect(asked).toBe(3);
    // Whoever watches learns why.
    expect(failures).toEqual(['fenced', 'fenced']);
  });

  it('gives up when it is too late, and says on whom', async () => {
    const client = await clientOf((request) => serveShare(request, undefined));
    await expect(meet(client, { deadline: Date.now() })).rejects.toMatchObject({
      code: 'fenced',
      what: expect.stringContaining('trainer 1') as string,
    });
  });

  it('ends as cancelled when the generation is closed while it waits', async () => {
    const closed = new AbortController();
    const client = await clientOf((request) => {
      closed.abort();
      return serveShare(request, undefined);
    });
    await expect(meet(client, { signal: closed.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
