import { hostname } from 'node:os';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { retry } from '@gan-train/collective';
import {
  callCoordinator,
  completeStep,
  createLastingClient,
  noGeneration,
  protocolVersion,
  refusalLog,
  tlsOfService,
  type SessionUp,
  type StatusReply__Output,
} from '@gan-train/rpc';
import {
  createFaults,
  createLogger,
  GanTrainError,
  startHttpServer,
  unlessAborted,
  type Fault,
  type RunConfig,
} from '@gan-train/service';
import type { CheckpointUpload, CommCalls, Joined, Serial } from '../comm-calls.js';
import { advertisedAddress } from '../address.js';
import { controlFromBuffer } from '../control.js';
import {
  createMembership,
  type Config,
  type Membership,
  type Probe,
  type TrainerActions,
} from '../membership/membership.js';
import { Moved, serveCalls } from '../thread-calls.js';
import { openGeneration, phaseLengths, type OpenGeneration } from './generation.js';
import { createGenerationMemory } from './generation-memory.js';
import { createPendingGrids, type Grid } from './grids.js';
import { fetchState } from './heal.js';
import { createItemSource, type ItemSource } from './items.js';
import { createTrainerMetrics } from './metrics.js';
import { createOrders } from './orders.js';
import { startPeerServer } from './peer-server.js';
import { probeMembers } from './probe.js';
import { openSession, type Session } from './session.js';
import { createStuckInspector } from './stuck.js';
import { putCheckpoint, putGrid } from './uploads.js';

export interface WorkerData {
  coordinator: string;
  listen: string;
  advertise: string | undefined;
  httpPort: number;
  tlsDir: string | undefined;
  connectSeconds: number;
  podUid: string;
  /** The first one; others follow when its place was given up. */
  incarnation: string;
  control: SharedArrayBuffer;
  faults: readonly Fault[];
}

/** Heartbeats; rows travel with them, sooner when there are some. */
const progressMs = 1_000;
const rowsMs = 200;
/** Rows in one message: far below the message limit. */
const rowsPerMessage = 1_000;
const uploadLimitMs = 3_600_000;

const {
  coordinator,
  listen,
  advertise,
  httpPort,
  control: controlBuffer,
  ...given
} = workerData as WorkerData;
const log = createLogger({ service: 'trainer', trainer: given.incarnation.slice(0, 8) });
const control = controlFromBuffer(controlBuffer);
const tls = await tlsOfService(given.tlsDir, 'trainer', log);
const metrics = createTrainerMetrics(tls);
const lasting = createLastingClient(coordinator, tls);
const { client } = lasting;
const faults = createFaults(given.faults);
/** Aborts when this trainer gives up. */
const ended = new AbortController();

let session: Session | undefined;
let membership: Membership | undefined;
let generation: OpenGeneration | undefined;
let serial: Serial = 0;
let items: ItemSource | undefined;
let address = '';
/** The coordinator said done. */
let isOver = false;
const orders = createOrders(ended.signal);
let joined: ((joined: Joined) => void) | undefined;
const memory = createGenerationMemory();
const stuck = createStuckInspector();
const grids = createPendingGrids(sendGrid, log);

function run(): Membership & { config: Config } {
  if (membership?.config === undefined) throw new GanTrainError('internal', 'nothing is joined');
  return membership as Membership & { config: Config };
}

const configOf = ({ configJson }: Config): RunConfig => JSON.parse(configJson) as RunConfig;

// ---- what membership decides

const actions: TrainerActions = {
  connect(afterMs) {
    session = openSession(lasting, afterMs, {
      connected() {
        metrics.coordinatorPresent(true);
        membership?.connected();
      },
      heard(down) {
        collectRows();
        membership?.heard(performance.now(), down);
      },
      disconnected(error) {
        metrics.coordinatorPresent(false);
        log.warn({ reason: error.what }, 'no session with the coordinator');
        membership?.disconnected(performance.now(), error);
      },
    });
  },
  disconnect() {
    metrics.coordinatorPresent(false);
    session?.end();
  },
  send: (message: SessionUp) => session?.send(message),
  renew: createIncarnations(given.incarnation),
  prepare(config) {
    const { runId, term, configJson, engine, data } = config;
    if (data === null) {
      actions.fail(new GanTrainError('protocol', 'the coordinator sent half a config'));
      return;
    }
    items = createItemSource(client, runId, configOf(config), data, ended.signal);
    joined?.({ runId, term, configJson, engine });
    // While the other thread loads its engine: most members have one root of the tree.
    memory.prepare(phaseLengths(configOf(config)).map((length) => 4 * length));
  },
  open(start) {
    close();
    serial += 1;
    const { config, incarnation } = run();
    const about = { runId: config.runId, incarnation, config: configOf(config), tls };
    generation = openGeneration(start, serial, about, memory, (bytes) =>
      metrics.bytesMoved('received', bytes),
    );
    control.openGeneration(serial);
    metrics.generationStarted(generation.order.generation);
    orders.push({ kind: 'start', ...generation.order });
  },
  close(serving) {
    control.closeGeneration();
    // What was committed before is known with its rows.
    collectRows();
    grids.flush();
    if (!serving) generation?.close();
  },
  committed: () => control.committed(),
  wish: (what) => (what === 'stop' ? control.wishStop() : control.wishPause()),
  saveState: (asked) => orders.push({ kind: 'saveState', generation: asked }),
  gridStored: (step) => grids.stored(step),
  forgetAfter: (step) => grids.forgetAfter(step),
  probe: (probe) => void answerProbe(probe),
  done(reason) {
    isOver = true;
    orders.push({ kind: 'done', reason });
  },
  fail(error) {
    if (ended.signal.aborted) return;
    ended.abort(error);
    close();
    session?.end();
  },
};

function createIncarnations(first: string): () => string {
  let next: string | undefined = first;
  return () => {
    const incarnation = next ?? crypto.randomUUID();
    next = undefined;
    if (incarnation !== first) log.info({ incarnation }, 'joins anew');
    return incarnation;
  };
}

/** Nothing is committed, pulled or served in the generation any more. */
function close(): void {
  control.closeGeneration();
  generation?.close();
}

async function answerProbe(probe: Probe): Promise<void> {
  const unreachable = await probeMembers(run().config.runId, address, probe, tls);
  membership?.probed(probe, unreachable);
}

// ---- what is sent now and then

let rowsTimer: NodeJS.Timeout | undefined;

function sendRowsSoon(): void {
  rowsTimer ??= setTimeout(() => {
    rowsTimer = undefined;
    sendProgress();
  }, rowsMs);
}

function sendProgress(): void {
  if (membership?.hasSession !== true) return;
  collectRows();
  const { step, phase, activity, shardsDone } = control.progress();
  session?.send({
    progress: {
      generation: membership.open ?? noGeneration,
      position: { step, phase },
      activity,
      shardsDone,
      shardSeconds: control.shardSeconds(),
      state: control.committed(),
      rows: membership.isConnected ? membership.rows.slice(0, rowsPerMessage) : [],
      ...(generation?.waiting() ?? {}),
    },
  });
}

function collectRows(): void {
  for (const row of control.takeRows()) membership?.addRow(row);
}

async function sendGrid({ step, images, pixels }: Grid): Promise<void> {
  const { config, generation: last } = run();
  if (last === undefined) return;
  const { size, channels } = configOf(config);
  await putGrid({ client, runId: config.runId }, last, { step, images, size, channels, pixels });
}

/** A final state is sent until a coordinator has it; the others take their turn again. */
async function send(upload: CheckpointUpload): Promise<{ weightsHash: string }> {
  const { runId } = run().config;
  // The coordinator stores no checkpoint before the rows of its steps.
  sendProgress();
  // Grids that are on their way when everything dies after the checkpoint would never be made again.
  await grids.settled(completeStep(upload.state.position));
  const attempt = async (): Promise<{ weightsHash: string }> => putCheckpoint({ client, runId }, upload);
  if (!upload.final) return attempt();
  return retry(attempt, {
    what: 'storing the last state',
    deadline: Date.now() + uploadLimitMs,
    signal: ended.signal,
    passing: ['coordinator_lost', 'cancelled'],
    firstBackoffMs: 200,
    longestBackoffMs: 2_000,
  });
}

// ---- what the compute thread asks for

async function hello(engines: Parameters<CommCalls['hello']>[0]['engines']): Promise<Joined> {
  const peer = await startPeerServer(
    listen,
    { tls, onRefused: refusalLog(log) },
    () => membership?.config?.runId,
    () => generation,
    (bytes) => metrics.bytesMoved('sent', bytes),
  );
  const http = await startHttpServer(peer.host, httpPort, {
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    unhealthy: () => stuck.reason(performance.now(), control.shardSeconds()),
    unready: () =>
      isOver || membership?.isConnected === true ? undefined : 'not registered with the coordinator',
  });
  address = advertisedAddress(advertise, peer);
  log.info({ address, port: peer.port, httpPort: http.port, coordinator }, 'listening');
  ended.signal.throwIfAborted();
  const about = {
    protocol: protocolVersion,
    engines: [...engines],
    pid: process.pid,
    host: hostname(),
    podUid: given.podUid,
  };
  membership = createMembership({ address, hello: about, connectMs: 1000 * given.connectSeconds }, actions);
  const answer = new Promise<Joined>((resolve, reject) => {
    joined = resolve;
    ended.signal.addEventListener('abort', () => reject(GanTrainError.from(ended.signal.reason)));
  });
  membership.start(performance.now());
  setInterval(() => {
    stuck.look(performance.now(), control.progress());
    sendProgress();
  }, progressMs);
  const said = await answer;
  metrics.engineResolved(engines.find(({ name }) => name === said.engine)?.identity ?? '', said.engine);
  return said;
}

/** The generation that a call is about; rejects with `cancelled` when it is over. */
async function within<T>(asked: Serial, work: (open: OpenGeneration) => Promise<T>): Promise<T> {
  ended.signal.throwIfAborted();
  if (generation === undefined || asked !== serial)
    throw new GanTrainError('cancelled', 'the generation is over');
  try {
    return await work(generation);
  } catch (error) {
    // When this trainer gave up, that is the reason to give.
    ended.signal.throwIfAborted();
    throw error;
  }
}

const calls: CommCalls = {
  hello: async ({ engines }) => hello(engines),
  ready: async ({ probeHash, engine }) => {
    const { config } = run();
    membership?.ready({ probeHash, engine, reconnectMs: 1000 * configOf(config).reconnectSeconds });
    return Promise.resolve();
  },
  nextOrder: async () => orders.next(),
  heal: async ({ serial: asked, room }) =>
    within(asked, async (open) => {
      const startMs = performance.now();
      const state = await fetchState(open, { client, runId: run().config.runId, faults, room });
      metrics.healed(state?.data.byteLength ?? 0, (performance.now() - startMs) / 1000);
      return state;
    }),
  holdState: async ({ serial: asked, snapshot }) =>
    within(asked, async ({ held }) => Promise.resolve(held.hold(snapshot))),
  items: async ({ serial: asked, step }) =>
    within(asked, async ({ order, closed }) => {
      const bytes = await unlessAborted((items as ItemSource).itemsOfStep(step, order.shards), closed);
      return new Moved(bytes, [bytes.buffer as ArrayBuffer]);
    }),
  allReduce: async ({ serial: asked, ...position }) =>
    within(asked, async (open) => open.allReduce(position)),
  reduced: async ({ serial: asked, beyond, ...position }) =>
    within(asked, async (open) => open.reduced(position, beyond)),
  publish: async ({ serial: asked, buckets, ...position }) =>
    within(asked, async (open) => Promise.resolve(open.publish(position, buckets))),
  rowDone: async () => {
    collectRows();
    sendRowsSoon();
    return Promise.resolve();
  },
  phaseDone: async (report) => {
    // Everybody took part in a phase, so nobody heals any more.
    if (generation?.order.gives) generation.releaseState();
    return Promise.resolve(metrics.phaseDone(report));
  },
  grid: async ({ serial: asked, ...grid }) => {
    // One of a generation that is over counts unless the run went back behind it.
    const start = generation?.order.state.position.step ?? 0;
    if (asked === serial || grid.step <= start) grids.add(grid, generation?.order.rank === 0);
    if (asked === serial) await within(asked, async ({ closed }) => grids.room(closed));
  },
  gridsStored: async () => within(serial, async ({ closed }) => grids.allStored(closed)),
  putCheckpoint: async (upload) => send(upload),
  stateHash: async ({ serial: asked, state, hash }) => {
    if (asked === serial) membership?.hashed(state, hash);
    return Promise.resolve();
  },
  halted: async ({ serial: asked }) => {
    if (asked === serial) membership?.halted();
    return Promise.resolve();
  },
  drained: async ({ serial: asked, skippedInRow }) => {
    if (asked === serial) membership?.drained(skippedInRow);
    return Promise.resolve();
  },
  leave: async ({ graceSeconds }) => {
    membership?.leave(graceSeconds);
    const what = `the coordinator did not let this trainer go within ${graceSeconds} s`;
    setTimeout(() => actions.fail(new GanTrainError('timeout', what)), 1000 * graceSeconds);
    if (membership?.isConnected !== true)
      actions.fail(new GanTrainError('cancelled', 'asked to end, and there is no coordinator to tell'));
    return Promise.resolve();
  },
  runStatus: async () => {
    const asked = callCoordinator<object, StatusReply__Output>(client, 'Status', { runId: '' });
    const reply = await asked.catch(() => undefined);
    return reply?.run?.status;
  },
  failed: async ({ code, message }) => {
    membership?.failed(code, message);
    await session?.flush();
  },
};

serveCalls(parentPort as MessagePort, calls);
