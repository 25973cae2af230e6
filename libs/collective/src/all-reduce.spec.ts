import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import {
  chunkBytes,
  createPeerClient,
  createRpcServer,
  encodeChunk,
  listen,
  shutdown,
  peerService,
  streamHandler,
  type PeerClient,
  type PullRequest,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { afterEach, describe, expect, it } from 'vitest';
import { allReduce, type Group, type PeerWatch } from './all-reduce.js';
import { bucketsOfLength, type ElementRange } from './parts.js';
import { pullFloats } from './pull.js';
import { servePull, type Serving } from './serve-pull.js';
import { createSharedMemory, openPeerSums, type SharedSums, type SumsLayout } from './shared-sums.js';
import { createShelf } from './shelf.js';
import { awkwardFloats, bitsOf, treeSum } from './testing.js';
import { rootsOfRange, shardsOfRank, type ShardRange } from './tree.js';

const host = '127.0.0.1';
const runId = 'run';
const generation = { term: 1, n: 1 };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Pull = (request: PullRequest, signal: AbortSignal) => AsyncIterable<Buffer>;

async function servePeer(pull: Pull, port = 0): Promise<{ port: number; stop: () => void }> {
  const server = createRpcServer();
  const stop = (): void => void shutdown(server, 0);
  closing.push(stop);
  server.addService(peerService, { Pull: streamHandler(pull) });
  return { port: await listen(server, host, port), stop };
}

function clientOf(port: number): PeerClient {
  const client = createPeerClient(`${host}:${port}`);
  closing.push(() => client.close());
  return client;
}

interface Member {
  group: Group;
  serving: Serving;
  /** Puts the values of this member's shards on the shelf and publishes them. */
  publish(step: number, phase: number): void;
}

/** A generation of n members over real gRPC. `valuesOf` are a shard's gradients. */
async function startGroup(options: {
  n: number;
  shards: number;
  buckets: readonly ElementRange[];
  valuesOf: (shard: number, step: number, phase: number) => Float32Array;
  /** Members read each other's sums from shared memory. */
  sharesMemory?: boolean;
  /** The sum replaces the first partial. */
  inPlace?: boolean;
}): Promise<Member[]> {
  const { n, shards, buckets, valuesOf, sharesMemory = false, inPlace = false } = options;
  const length = buckets.at(-1)?.end ?? 0;
  const ranges = Array.from({ length: n }, (_, rank) => shardsOfRank(shards, n, rank));
  const members: Member[] = [];
  const ports: number[] = [];
  for (let rank = 0; rank < n; rank++) {
    const { port } = await servePeer((request, signal) => servePull(request, members[rank]?.serving, signal));
    ports.push(port);
  }
  const layoutOf = (range: ShardRange): SumsLayout => ({
    lengths: [length, length],
    roots: rootsOfRange(range).length,
  });
  const sums = ranges.map((range) => (sharesMemory ? sumsOf(layoutOf(range)) : undefined));
  for (const [rank, range] of ranges.entries()) {
    const roots = rootsOfRange(range);
    const phases = [0, 1].map(() => {
      const partials = roots.map(() => new Float32Array(length));
      const [first] = partials;
      return { partials, reduced: inPlace && first ? first : new Float32Array(length), buckets };
    });
    const shelf = createShelf(phases);
    members.push({
      serving: { runId, generation, members: n, rank, shelf, sums: sums[rank] },
      group: {
        runId,
        generation,
        rank,
        shelf,
        spare: new Map(),
        members: ranges.map((member, i) => ({
          name: `trainer ${i}`,
          shards: member,
          client: i === rank ? undefined : clientOf(ports[i] as number),
          sums: i === rank ? undefined : peerSums(sums[i], layoutOf(member)),
        })),
      },
      publish(step, phase) {
        roots.forEach(({ level, index }, i) => {
          const owned = Array.from({ length: 2 ** level }, (_, k) => index * 2 ** level + k);
          const sum = treeSum(owned.map((shard) => valuesOf(shard, step, phase)));
          phases[phase]?.partials[i]?.set(sum);
        });
        shelf.publishPartials({ step, phase }, buckets.length);
      },
    });
  }
  return members;
}

function sumsOf(layout: SumsLayout): SharedSums | undefined {
  const memory = createSharedMemory();
  closing.push(() => memory.close());
  return memory.sums(layout);
}

function peerSums(shared: SharedSums | undefined, layout: SumsLayout): ReturnType<typeof openPeerSums> {
  const peer = shared && openPeerSums(shared.address, layout);
  if (peer !== undefined) closing.push(() => peer.close());
  return peer;
}

const options = (change: Partial<Parameters<typeof allReduce>[2]> = {}) => ({
  timeoutMs: 20_000,
  signal: new AbortController().signal,
  onBytes: () => undefined,
  ...change,
});

/** What every member holds after one phase. */
async function reducePhase(members: readonly Member[], step: number, phase: number): Promise<string[]> {
  const reducing = members.map(async ({ group }) => {
    group.shelf.open({ step, phase });
    await allReduce(group, { step, phase }, options());
    return bitsOf(group.shelf.buffers(phase).reduced);
  });
  for (const member of members) member.publish(step, phase);
  return Promise.all(reducing);
}

describe('allReduce', () => {
  it.each(
    [1, 2, 3, 5].flatMap((n) => [
      { n, how: 'over gRPC', sharesMemory: false, inPlace: false },
      { n, how: 'over gRPC, in place', sharesMemory: false, inPlace: true },
      { n, how: 'through memory, in place', sharesMemory: true, inPlace: true },
    ]),
  )('gives $n members $how the bits of a serial sum', async ({ n, sharesMemory, inPlace }) => {
    const shards = 4;
    // 4 buckets, the last one of 3 elements: with 5 members some parts are empty.
    const buckets = bucketsOfLength(3 * 50 + 3, 50);
    const valuesOf = (shard: number, step: number, phase: number) =>
      awkwardFloats(153, 1000 * step + 100 * phase + shard);
    const members = await startGroup({ n, shards, buckets, valuesOf, sharesMemory, inPlace });
    for (const step of [1, 2, 3]) {
      for (const phase of [0, 1]) {
        const all = Array.from({ length: shards }, (_, shard) => valuesOf(shard, step, phase));
        const expected = bitsOf(treeSum(all));
        for (const bits of await reducePhase(members, step, phase)) expect(bits).toEqual(expected);
      }
    }
  });

  it('moves buckets of several chunks, and of sizes that differ', async () => {
    const floats = chunkBytes / 4;
    const buckets = [
      { start: 0, end: 5 },
      { start: 5, end: 5 + 5 * floats + 1 },
      { start: 5 + 5 * floats + 1, end: 6 * floats },
    ];
    const length = 6 * floats;
    const ones = [1, 2, 3, 4].map((value) => Float32Array.from({ length }, (_, i) => value * (i % 1000)));
    const members = await startGroup({
      n: 2,
      shards: 4,
      buckets,
      valuesOf: (shard) => ones[shard] as Float32Array,
    });
    const [first, second] = await reducePhase(members, 1, 0);
    expect(first).toEqual(bitsOf(Float32Array.from({ length }, (_, i) => 10 * (i % 1000))));
    expect(second).toEqual(first);
  });

  it('lets a bucket travel while the next ones are still being computed', async () => {
    const buckets = bucketsOfLength(30, 10);
    const valuesOf = (shard: number): Float32Array => new Float32Array(30).fill(shard + 1);
    const members = await startGroup({ n: 2, shards: 2, buckets, valuesOf });
    const at = { step: 1, phase: 0 };
    for (const { group } of members) group.shelf.open(at);
    const reducing = Promise.all(members.map(async ({ group }) => allReduce(group, at, options())));
    for (const member of members) {
      member.publish(1, 0);
      member.group.shelf.publishPartials(at, 1);
    }
    const signal = new AbortController().signal;
    for (const { group } of members) await group.shelf.reduced(at, 0, signal);
    const [first] = members as [Member, Member];
    expect([...first.group.shelf.buffers(0).reduced.subarray(0, 5)]).toEqual([3, 3, 3, 3, 3]);
    expect([...first.group.shelf.buffers(0).reduced.subarray(10)]).toEqual(Array(20).fill(0));
    for (const { group } of members) group.shelf.publishPartials(at, 3);
    await reducing;
  });

  it('tells of every bucket that is reduced, once it is', async () => {
    const buckets = bucketsOfLength(30, 10);
    const valuesOf = (shard: number): Float32Array => new Float32Array(30).fill(shard + 1);
    const members = await startGroup({ n: 2, shards: 2, buckets, valuesOf, inPlace: true });
    const told = await Promise.all(
      members.map(async (member) => {
        const { group } = member;
        const at = { step: 1, phase: 0 };
        const { reduced } = group.shelf.buffers(0);
        const seen: [bucket: number, sum: number[]][] = [];
        const onBucket = (bucket: number): void =>
          void seen.push([bucket, [...reduced.subarray(10 * bucket, 10 * bucket + 10)]]);
        group.shelf.open(at);
        member.publish(1, 0);
        await allReduce(group, at, options({ onBucket }));
        return seen.sort(([a], [b]) => a - b);
      }),
    );
    const threes = Array<number>(10).fill(3);
    for (const seen of told) expect(seen).toEqual([0, 1, 2].map((bucket) => [bucket, threes]));
  });

  /** Who is asked for something, as it happens. */
  function watching() {
    const seen: string[] = [];
    const left = new Map<number, number>();
    const peers: PeerWatch = {
      asked(rank) {
        seen.push(`asked ${rank}`);
        left.set(rank, (left.get(rank) ?? 0) + 1);
        return () => {
          seen.push(`done ${rank}`);
          left.set(rank, (left.get(rank) ?? 0) - 1);
        };
      },
      failed: (rank) => void seen.push(`failed ${rank}`),
    };
    const count = (what: string): number => seen.filter((one) => one === what).length;
    return { peers, count, left: () => [...left.values()] };
  }

  it('tells of every peer that something is asked of, until that came', async () => {
    const buckets = bucketsOfLength(30, 10);
    const members = await startGroup({ n: 3, shards: 4, buckets, valuesOf: () => new Float32Array(30) });
    const [first, ...others] = members as [Member, Member, Member];
    const { peers, count, left } = watching();
    const at = { step: 1, phase: 0 };
    for (const { group } of members) group.shelf.open(at);
    const reducing = [
      allReduce(first.group, at, options({ peers })),
      ...others.map(async ({ group }) => allReduce(group, at, options())),
    ];
    for (const member of members) member.publish(1, 0);
    await Promise.all(reducing);
    // Of each bucket its partials and its sum; of this member itself nothing.
    expect([0, 1, 2].map((rank) => count(`asked ${rank}`))).toEqual([0, 6, 6]);
    expect([0, 1, 2].map((rank) => count(`done ${rank}`))).toEqual([0, 6, 6]);
    expect(left()).toEqual([0, 0]);
    expect([0, 1, 2].map((rank) => count(`failed ${rank}`))).toEqual([0, 0, 0]);
  });

  it('tells of a peer that does not answer, and waits for nobody once it ends', async () => {
    const buckets = bucketsOfLength(30, 10);
    const members = await startGroup({ n: 2, shards: 4, buckets, valuesOf: () => new Float32Array(30) });
    const [first] = members as [Member, Member];
    const gone = await servePeer(() => expect.unreachable());
    gone.stop();
    const silent = first.group.members.map((member, rank) =>
      rank === 1 ? { ...member, client: clientOf(gone.port) } : member,
    );
    const { peers, count, left } = watching();
    const closed = new AbortController();
    const failed = (rank: number): void => {
      peers.failed(rank);
      closed.abort();
    };
    const at = { step: 1, phase: 0 };
    first.group.shelf.open(at);
    first.publish(1, 0);
    const group = { ...first.group, members: silent };
    const reducing = allReduce(group, at, options({ peers: { ...peers, failed }, signal: closed.signal }));
    await expect(reducing).rejects.toMatchObject({ code: 'cancelled' });
    expect(count('failed 1')).toBeGreaterThan(0);
    expect(left().length).toBeGreaterThan(0);
    expect(new Set(left())).toEqual(new Set([0]));
  });

  it('sends bytes where the memory of a member has no room left', async () => {
    const buckets = bucketsOfLength(30, 10);
    const valuesOf = (shard: number): Float32Array => new Float32Array(30).fill(shard + 1);
    const members = await startGroup({ n: 2, shards: 2, buckets, valuesOf, sharesMemory: true });
    for (const { serving } of members) if (serving.sums) serving.sums.put = () => false;
    const expected = bitsOf(new Float32Array(30).fill(3));
    expect(await reducePhase(members, 1, 0)).toEqual([expected, expected]);
  });

  it.each([
    { how: 'over gRPC', sharesMemory: false },
    { how: 'through memory', sharesMemory: true },
  ])("counts what came $how: partials of the own part, and the others' parts", async ({ sharesMemory }) => {
    const members = await startGroup({
      n: 2,
      shards: 4,
      buckets: bucketsOfLength(30, 10),
      valuesOf: () => new Float32Array(30),
      sharesMemory,
    });
    let bytes = 0;
    const at = { step: 1, phase: 0 };
    const [first, second] = members as [Member, Member];
    for (const { group } of members) group.shelf.open(at);
    const counted = allReduce(first.group, at, options({ onBytes: (more) => (bytes += more) }));
    for (const member of members) member.publish(1, 0);
    await Promise.all([counted, allReduce(second.group, at, options())]);
    // One root a member, half of every bucket each way.
    expect(bytes).toBe(4 * (15 + 15));
  });

  it('ends as cancelled when the generation is closed, with nothing left waiting', async () => {
    const members = await startGroup({
      n: 3,
      shards: 4,
      buckets: bucketsOfLength(30, 10),
      valuesOf: () => new Float32Array(30),
    });
    const closed = new AbortController();
    const [first] = members as [Member, ...Member[]];
    first.group.shelf.open({ step: 1, phase: 0 });
    const reducing = allReduce(first.group, { step: 1, phase: 0 }, options({ signal: closed.signal }));
    first.publish(1, 0);
    closed.abort();
    await expect(reducing).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('serves nothing of a generation that is closed meanwhile', async () => {
    const serving = servingValues();
    const chunks = servePull(request, serving, new AbortController().signal);
    expect((await chunks.next()).done).toBe(false);
    serving.shelf.close();
    await expect(chunks.next()).rejects.toMatchObject({ code: 'fenced' });
  });

  it.each([
    { how: 'over gRPC', sharesMemory: false },
    { how: 'through memory', sharesMemory: true },
  ])('writes nothing any more $how once the generation is closed', async ({ sharesMemory }) => {
    const members = await startGroup({
      n: 2,
      shards: 2,
      buckets: bucketsOfLength(30, 30),
      valuesOf: (shard) => new Float32Array(30).fill(shard + 1),
      sharesMemory,
    });
    const at = { step: 1, phase: 0 };
    const [first] = members as [Member, Member];
    for (const member of members) {
      member.group.shelf.open(at);
      member.publish(1, 0);
    }
    const closed = new AbortController();
    // All that it needs has come: what is left is to add it.
    const onBytes = (): void => closed.abort();
    const reducing = allReduce(first.group, at, options({ signal: closed.signal, onBytes }));
    await expect(reducing).rejects.toMatchObject({ code: 'cancelled' });
    const { reduced } = first.group.shelf.buffers(0);
    expect(bitsOf(reduced)).toEqual(bitsOf(new Float32Array(30)));
  });

  it('times out on a member that never publishes, and says who it is', async () => {
    const members = await startGroup({
      n: 2,
      shards: 4,
      buckets: bucketsOfLength(30, 10),
      valuesOf: () => new Float32Array(30),
    });
    const [first] = members as [Member, Member];
    first.group.shelf.open({ step: 1, phase: 0 });
    const reducing = allReduce(first.group, { step: 1, phase: 0 }, options({ timeoutMs: 100 }));
    first.publish(1, 0);
    await expect(reducing).rejects.toMatchObject({
      code: 'timeout',
      what: expect.stringContaining('trainer 1') as string,
    });
  });
});

const request: PullRequest = {
  runId,
  generation,
  position: { step: 1, phase: 0 },
  kind: 'PARTIAL',
  bucket: 0,
  part: 0,
  inPlace: false,
};

const length = 3 * (chunkBytes / 4) + 7;
const values = Float32Array.from({ length }, (_, i) => i);

/** One member that serves `values` as its only partial and its reduced part. */
function servingValues(): Serving {
  const shelf = createShelf([
    { partials: [values], reduced: values, buckets: [{ start: 0, end: length }] },
    { partials: [values], reduced: values, buckets: [{ start: 0, end: length }] },
  ]);
  for (const phase of [0, 1]) {
    shelf.open({ step: 1, phase });
    shelf.publishPartials({ step: 1, phase }, 1);
    shelf.publishReduced({ step: 1, phase }, 0);
  }
  return { runId, generation, members: 1, rank: 0, shelf, sums: undefined };
}

async function pullFrom(
  port: number,
  change: Partial<PullRequest> = {},
  timeoutMs = 20_000,
  signal = new AbortController().signal,
): Promise<Float32Array> {
  const target = new Float32Array(length);
  const pulls = { deadline: Date.now() + timeoutMs, signal, onBytes: () => undefined };
  await pullFloats(clientOf(port), 'trainer 7', { ...request, ...change }, target, pulls);
  return target;
}

/** A way to `port` whose first connections break: each after that many bytes of answers. */
async function fragileWay(
  port: number,
  how: 'reset' | 'end',
  breakAfter: readonly number[],
): Promise<{ port: number; broken: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const limit = breakAfter[connections++] ?? Infinity;
    const far = connect(port, host);
    let passed = 0;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [near, far].forEach((end) => end.destroy()));
    }
    near.pipe(far);
    far.on('data', (bytes) => {
      passed += bytes.length;
      if (passed > limit) near[how === 'reset' ? 'resetAndDestroy' : 'destroy']();
      else near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, host, resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, broken: () => connections - 1 };
}

describe('pullFloats', () => {
  it.each(['reset', 'end'] as const)(
    'gets everything in spite of connections that %s half-way',
    async (how) => {
      const serving = servingValues();
      const { port } = await servePeer((asked, signal) => servePull(asked, serving, signal));
      const way = await fragileWay(port, how, [0, chunkBytes, 2 * chunkBytes]);
      expect(bitsOf(await pullFrom(way.port))).toEqual(bitsOf(values));
      expect(way.broken()).toBe(3);
    },
  );

  it('tries again what the other side cancelled', async () => {
    const serving = servingValues();
    let calls = 0;
    const { port } = await servePeer((asked, signal) => {
      if (++calls === 1) throw new GanTrainError('cancelled', 'this server is closing');
      return servePull(asked, serving, signal);
    });
    expect(bitsOf(await pullFrom(port))).toEqual(bitsOf(values));
  });

  it('gives up on a peer that is gone, when the time is over', async () => {
    const { port, stop } = await servePeer(async function* () {
      yield* [] as Buffer[];
      await Promise.resolve();
    });
    stop();
    await expect(pullFrom(port, {}, 100)).rejects.toMatchObject({
      code: expect.stringMatching(/^(trainer_lost|timeout)$/) as string,
      what: expect.stringContaining('trainer 7') as string,
    });
  });

  it('is fenced by a member of another generation or run, and by one that is in none', async () => {
    let serving: Serving | undefined = servingValues();
    const { port } = await servePeer((asked, signal) => servePull(asked, serving, signal));
    for (const change of [
      { generation: { term: 1, n: 2 } },
      { generation: { term: 2, n: 1 } },
      { generation: null },
      { runId: 'another' },
    ]) {
      await expect(pullFrom(port, change)).rejects.toMatchObject({ code: 'fenced' });
    }
    serving = undefined;
    await expect(pullFrom(port)).rejects.toMatchObject({ code: 'fenced' });
  });

  it('is fenced when the generation is closed while it waits', async () => {
    const serving = servingValues();
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const { port } = await servePeer((pull, signal) => {
      asked();
      return servePull(pull, serving, signal);
    });
    const waiting = pullFrom(port, { position: { step: 2, phase: 0 } });
    await arrived;
    serving.shelf.close();
    await expect(waiting).rejects.toMatchObject({ code: 'fenced' });
  });

  it.each<[string, Partial<PullRequest>]>([
    ['no kind', { kind: 'KIND_UNSPECIFIED' }],
    ['no position', { position: null }],
    ['a part beyond the members', { part: 1 }],
    ['a bucket that is not there', { bucket: 1 }],
    ['a phase that is not there', { position: { step: 1, phase: 2 } }],
  ])('is refused with protocol when it asks for %s', async (_name, change) => {
    const serving = servingValues();
    const { port } = await servePeer((asked, signal) => servePull(asked, serving, signal));
    await expect(pullFrom(port, change)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('is refused with protocol when it asks for a reduced part of another owner', async () => {
    const serving = { ...servingValues(), members: 2, rank: 1 };
    const { port } = await servePeer((asked, signal) => servePull(asked, serving, signal));
    await expect(pullFrom(port, { kind: 'REDUCED', part: 0 })).rejects.toMatchObject({ code: 'protocol' });
  });

  const floats = new Uint8Array(chunkBytes);
  it.each<[string, Buffer[]]>([
    ['bytes that are no chunk', [Buffer.from('GET / HTTP/1.1')]],
    [
      'chunks out of order',
      [
        ...[1, 0, 2].map((i) => encodeChunk(i * chunkBytes, floats)),
        encodeChunk(3 * chunkBytes, floats.subarray(0, 28)),
      ],
    ],
    ['a chunk that leaves a gap', [encodeChunk(4, floats)]],
    ['a chunk that comes twice', [encodeChunk(0, floats), encodeChunk(0, floats)]],
    ['bytes that are no floats', [encodeChunk(0, floats.subarray(0, 6))]],
    ['fewer floats than were asked for', [encodeChunk(0, floats)]],
    ['more floats than were asked for', [0, 1, 2, 3].map((i) => encodeChunk(i * chunkBytes, floats))],
  ])('fails with protocol, at once, on %s', async (_name, chunks) => {
    let calls = 0;
    const { port } = await servePeer(async function* () {
      calls++;
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    });
    await expect(pullFrom(port)).rejects.toMatchObject({
      code: 'protocol',
      what: expect.stringContaining('trainer 7') as string,
    });
    expect(calls).toBe(1);
  });

  it('ends as cancelled when its signal aborts while it waits, and the server learns of it', async () => {
    const gone = new AbortController();
    const { port } = await servePeer(async function* (_request, signal) {
      yield* [] as Buffer[];
      queueMicrotask(() => gone.abort());
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      throw new GanTrainError('internal', 'nobody sees this');
    });
    await expect(pullFrom(port, {}, 20_000, gone.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does not begin with a signal that is aborted', async () => {
    const { port } = await servePeer(async function* () {
      yield* [] as Buffer[];
      await Promise.resolve();
    });
    await expect(pullFrom(port, {}, 20_000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
