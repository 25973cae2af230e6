import { hostname } from 'node:os';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import {
  createCoordinatorClient,
  protocolVersion,
  tripleFromMessage,
  type LossRow,
  type Start,
} from '@gan-train/rpc';
import { createLogger, GanTrainError, startHttpServer, type RunConfig } from '@gan-train/service';
import type { CommCalls, Joined, Order } from '../comm-calls.js';
import { controlFromBuffer } from '../control.js';
import { Moved, serveCalls } from '../thread-calls.js';
import { openGeneration, type OpenGeneration } from './generation.js';
import { createItemSource, type ItemSource } from './items.js';
import { createTrainerMetrics } from './metrics.js';
import { startPeerServer } from './peer-server.js';
import { openSession, type Session } from './session.js';
import { getCheckpoint, putCheckpoint, putGrid, type UploadContext } from './uploads.js';

export interface WorkerData {
  coordinator: string;
  listen: string;
  advertise: string | undefined;
  httpPort: number;
  incarnation: string;
  control: SharedArrayBuffer;
}

/** Heartbeats; rows travel with them, sooner when there are some. */
const progressMs = 1_000;
const rowsMs = 200;
/** Rows in one message: far below the message limit. */
const rowsPerMessage = 1_000;

const {
  coordinator,
  listen,
  advertise,
  httpPort,
  incarnation,
  control: controlBuffer,
} = workerData as WorkerData;
const log = createLogger({ service: 'trainer', trainer: incarnation.slice(0, 8) });
const control = controlFromBuffer(controlBuffer);
const metrics = createTrainerMetrics();
const client = createCoordinatorClient(coordinator);

/** What was joined; everything below needs it. */
interface Membership {
  session: Session;
  joined: Joined;
  config: RunConfig;
  items: ItemSource;
}

let membership: Membership | undefined;
let generation: OpenGeneration | undefined;
let rows: LossRow[] = [];
const orders: Order[] = [];
let orderWanted: (() => void) | undefined;

function joinedRun(): Membership {
  if (membership === undefined) throw new GanTrainError('internal', 'nothing is joined');
  return membership;
}

function pushOrder(order: Order): void {
  orders.push(order);
  orderWanted?.();
}

async function hello(engines: Parameters<CommCalls['hello']>[0]['engines']): Promise<Joined> {
  const peer = await startPeerServer(
    listen,
    () => generation?.serving,
    (bytes) => metrics.bytesMoved('sent', bytes),
  );
  const http = await startHttpServer(peer.host, httpPort, {
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    unhealthy: () => undefined,
    unready: () => (membership === undefined ? 'not registered with the coordinator' : undefined),
  });
  const address = advertisedAddress(peer);
  log.info({ address, httpPort: http.port, coordinator }, 'listening');

  const session = await openSession(client, coordinator);
  const config = session.next('config');
  session.send({
    hello: {
      incarnation,
      address,
      protocol: protocolVersion,
      engines: [...engines],
      pid: process.pid,
      host: hostname(),
    },
  });
  const { runId, term, configJson, identityHash, engine, data, state, hasCheckpoint } = await config;
  if (data === null || state === null)
    throw new GanTrainError('protocol', 'the coordinator sent half a config');
  const resolved = JSON.parse(configJson) as RunConfig;
  const triple = tripleFromMessage(state);
  const checkpoint = hasCheckpoint ? await getCheckpoint(client, { runId, term }) : undefined;
  const joined = { runId, term, configJson, identityHash, engine, state: triple, checkpoint };
  membership = {
    session,
    joined,
    config: resolved,
    items: createItemSource(client, runId, resolved, data, session.ended),
  };
  const identity = engines.find(({ name }) => name === engine)?.identity ?? '';
  metrics.engineResolved(identity, engine);
  follow(session);
  return joined;
}

/** Does what the coordinator says, whenever it says it. */
function follow(session: Session): void {
  session.on('start', (start) => startGeneration(start));
  session.on('prepare', ({ generation: asked }) => {
    control.closeGeneration();
    generation?.close();
    sendProgress(session);
    session.send({ prepared: { generation: asked, state: control.committed() } });
  });
  session.on('saveState', () => pushOrder({ kind: 'saveState' }));
  session.on('stop', () => control.requestStop());
  session.on('rowsStored', ({ step }) => {
    rows = rows.filter((row) => row.step > step);
  });
  session.on('done', ({ reason }) => {
    control.closeGeneration();
    generation?.close();
    pushOrder({ kind: 'done', reason });
  });
  session.ended.addEventListener('abort', () => {
    control.closeGeneration();
    generation?.close();
    orderWanted?.();
  });
  const heartbeat = setInterval(() => sendProgress(session), progressMs);
  session.ended.addEventListener('abort', () => clearInterval(heartbeat));
}

function startGeneration(start: Start): void {
  const { joined, config } = joinedRun();
  const started = start.generation;
  if (started === null || started.term < joined.term) return;
  generation?.close();
  generation = openGeneration(start, joined.runId, incarnation, config, (bytes) =>
    metrics.bytesMoved('received', bytes),
  );
  metrics.generationStarted(started);
  pushOrder({ kind: 'start', ...generation.order });
}

let rowsTimer: NodeJS.Timeout | undefined;

function sendRowsSoon(session: Session): void {
  rowsTimer ??= setTimeout(() => {
    rowsTimer = undefined;
    sendProgress(session);
  }, rowsMs);
}

function sendProgress(session: Session): void {
  if (session.ended.aborted) return;
  const { step, phase, activity, shardsDone } = control.progress();
  session.send({
    progress: {
      generation: generation?.order.generation ?? null,
      position: { step, phase },
      activity,
      shardsDone,
      rows: rows.slice(0, rowsPerMessage),
    },
  });
}

const calls: CommCalls = {
  hello: async ({ engines }) => hello(engines),
  ready: async (request) => {
    joinedRun().session.send({ ready: request });
    return Promise.resolve();
  },
  nextOrder: async () => {
    const { session } = joinedRun();
    while (orders.length === 0) {
      session.ended.throwIfAborted();
      await new Promise<void>((resolve) => (orderWanted = resolve));
    }
    return orders.shift() as Order;
  },
  items: async ({ step }) => {
    const { items } = joinedRun();
    const bytes = await items.itemsOfStep(step, openOrder().shards);
    return new Moved(bytes, [bytes.buffer as ArrayBuffer]);
  },
  allReduce: async (position) => whileJoined(async (open) => open.allReduce(position)),
  reduced: async ({ beyond, ...position }) => whileJoined(async (open) => open.reduced(position, beyond)),
  publish: async ({ buckets, ...position }) => Promise.resolve(generation?.publish(position, buckets)),
  row: async (row) => {
    rows.push(row);
    sendRowsSoon(joinedRun().session);
    return Promise.resolve();
  },
  phaseDone: async (report) => Promise.resolve(metrics.phaseDone(report)),
  putGrid: async ({ step, images, pixels }) => {
    const { size, channels } = joinedRun().config;
    await putGrid(uploadContext(), { step, images, size, channels, pixels });
  },
  putCheckpoint: async (upload) => {
    // The coordinator stores no checkpoint before the rows of its steps.
    sendProgress(joinedRun().session);
    return putCheckpoint(uploadContext(), upload);
  },
  drained: async ({ state }) => {
    const { session } = joinedRun();
    sendProgress(session);
    session.send({ drained: { state, rows } });
    return Promise.resolve();
  },
  failed: async ({ code, message }) => {
    const { session } = joinedRun();
    if (!session.ended.aborted) await session.sendAndFlush({ failed: { code, message } });
  },
};

async function whileJoined<T>(work: (open: OpenGeneration) => Promise<T>): Promise<T> {
  if (generation === undefined) throw new GanTrainError('cancelled', 'there is no generation');
  try {
    return await work(generation);
  } catch (error) {
    // When the generation ended because the session did, that is the reason to give.
    if (joinedRun().session.ended.aborted && orders.length === 0) throw joinedRun().session.ended.reason;
    throw error;
  }
}

function openOrder(): OpenGeneration['order'] {
  if (generation === undefined) throw new GanTrainError('internal', 'there is no generation');
  return generation.order;
}

function uploadContext(): UploadContext {
  return { client, runId: joinedRun().joined.runId, generation: openOrder().generation };
}

/** Where peers find this trainer: what was said, else where it listens, else this host. */
function advertisedAddress({ host, port }: { host: string; port: number }): string {
  if (advertise !== undefined) return advertise.includes(':') ? advertise : `${advertise}:${port}`;
  const anyHost = host === '0.0.0.0' || host === '::';
  return `${anyHost ? hostname() : host}:${port}`;
}

serveCalls(parentPort as MessagePort, calls);
