import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  callCoordinator,
  createCoordinatorClient,
  openTlsIdentity,
  type Event__Output,
  type Role,
} from '@gan-train/rpc';
import {
  faultsVariable,
  flagFromOption,
  GanTrainError,
  optionNames,
  withTimeout,
  type Fault,
} from '@gan-train/service';
import { decideRestart } from './decide-restart.js';
import { createEventFeed } from './event-feed.js';
import { startProcess, type CoordinatorMessage, type MemberProcess } from './member-process.js';
import { createProcessLog } from './process-log.js';

const loopback = '127.0.0.1';
/** Reading a large data set for the first time takes its time. */
const listenTimeoutMs = 3_600_000;
/** The coordinator knows best why a run failed, and keeps its last state; it gets the time to say so. */
const exitTimeoutMs = 15_000;
const farewellMs = 3_000;
/** A trainer that ended well is started again only if the run goes on after that. */
const afterGoodEndMs = 1_000;

export interface LocalClusterOptions {
  asked: Record<string, unknown>;
  out: string;
  /** Trainers to start. */
  trainers: number;
  /** Told, in words, of what takes long before the run starts, and of processes that end and are started again. */
  onNote?: (note: string) => void;
  /** Processes that end before the run does stay away. */
  withoutRestarts?: boolean;
  /** For tests: how often each process is started again within ten minutes; else as often as `decideRestart` says. */
  mostRestarts?: number;
  /** For tests: what goes wrong in the first life of a trainer, by its index. */
  faults?: Readonly<Record<number, readonly Fault[]>>;
  /** Directories of each role's certificate; without them connections are not encrypted. */
  tlsDirs?: Readonly<Record<Role, string>>;
  /** For tests: where each process runs, and what it takes for the addresses of others. */
  placeOf?: (member: 'coordinator' | number) => Place;
}

export interface Place {
  /** Words before the command: what to run it through. */
  through?: readonly string[];
  /** Where it listens; loopback when left out. */
  host?: string;
  /** Where a trainer finds the coordinator; where that listens when left out. */
  coordinator?: string;
  /** Where others find a trainer; where it listens when left out. */
  advertise?: string;
}

/** A coordinator and trainers as processes of this machine; real gRPC between them. What dies is started again. */
export interface LocalCluster {
  readonly directory: string;
  readonly runId: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly pids: { coordinator: number; trainers: number[] };
  /** What happens in the run, until it is over; each row once, even when the coordinator is started again. For one reader. */
  events(): AsyncGenerator<Event__Output, void, void>;
  /** Asks the run to stop after the step it is in, with a checkpoint. */
  drain(reason: string): Promise<void>;
  /** How many trainers there are to be. */
  scale(trainers: number): Promise<void>;
  /** Resolves when every process is gone; rejects with the failure that ended the run. */
  finished(): Promise<void>;
  signalTrainer(index: number, signal: NodeJS.Signals): void;
  signalCoordinator(signal: NodeJS.Signals): void;
  /** Ends every process at once. Idempotent. */
  kill(): void;
}

/** Where a trainer runs, life after life. */
interface Slot {
  index: number;
  process: MemberProcess | undefined;
  endsMs: number[];
  /** The run wants fewer trainers. */
  isRetired: boolean;
}

/** Starts the processes. Rejects, with nothing left running, when the coordinator refuses to serve. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { asked, out, faults = {}, onNote = () => undefined, tlsDirs } = options;
  const tlsFlags = (role: Role): string[] => (tlsDirs ? ['--tls-dir', tlsDirs[role]] : []);
  const tls = tlsDirs && (await openTlsIdentity(tlsDirs.operator, 'operator'));
  const placeOf = (member: 'coordinator' | number): Place => options.placeOf?.(member) ?? {};
  const { through, host: coordinatorHost = loopback } = placeOf('coordinator');
  const flags = optionNames.flatMap((name) => {
    const value = asked[name] as string | number | boolean | undefined;
    return value === undefined ? [] : [`--${flagFromOption(name)}`, String(value)];
  });
  const slots: Slot[] = [];
  const coordinatorEndsMs: number[] = [];
  let drainReason: string | undefined;
  let isOver = false;
  let settle: (failure: GanTrainError | undefined) => void = () => undefined;
  const over = new Promise<GanTrainError | undefined>((resolve) => (settle = resolve));
  const end = (failure: GanTrainError | undefined): void => {
    isOver = true;
    settle(failure);
  };

  let coordinator = startCoordinator(flags);
  const listening = await untilListening(coordinator);
  const { grpcPort, httpPort, directory, runId } = listening;
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const logOf = (name: string) => createProcessLog(join(directory, 'logs', `${name}.log`), onNote);
  const coordinatorLog = logOf('coordinator');
  coordinator.keepLog(coordinatorLog);
  void coordinator.ended.then(coordinatorEnded);
  const address = `${coordinatorHost}:${grpcPort}`;
  const client = createCoordinatorClient(address, tls);
  const feed = createEventFeed(client, runId, {
    isOver: () => isOver,
    onWanted: follow,
    onEnd: () => (isOver = true),
  });
  for (let i = 0; i < options.trainers; i++) addSlot();

  function startCoordinator(asFlags: readonly string[]): MemberProcess {
    const args = ['--out', out, '--host', coordinatorHost, ...tlsFlags('coordinator'), ...asFlags];
    const started = startProcess('coordinator', args, { through });
    started.onMessage((message) => {
      if (message.event === 'reading') onNote(`reading images: ${message.done} of ${message.total}`);
    });
    return started;
  }

  async function coordinatorEnded({ code, signal, error }: Awaited<MemberProcess['ended']>): Promise<void> {
    if (code === 0) return end(undefined);
    coordinatorEndsMs.push(performance.now());
    const waitMs = decideRestart(coordinatorEndsMs, options.mostRestarts);
    // What it says itself is for a person; what killed it is not its fault.
    if (signal === undefined || options.withoutRestarts === true || isOver || waitMs === undefined)
      return end(error);
    onNote(`the coordinator was ended by ${signal}: it is started again, and the trainers go on meanwhile`);
    await delay(waitMs);
    if (isOver) return;
    // Its config is in the run directory, and so are the ports that the trainers know.
    coordinator = startCoordinator([]);
    coordinator.keepLog(coordinatorLog);
    void coordinator.ended.then(coordinatorEnded);
    coordinator.onMessage((message) => {
      if (message.event !== 'listening') return;
      if (message.grpcPort !== grpcPort)
        end(new GanTrainError('port_taken', `port ${grpcPort} was taken while the coordinator was away`));
      else if (drainReason !== undefined) void drain(drainReason).catch(() => undefined);
    });
  }

  function addSlot(): void {
    const slot: Slot = { index: slots.length, process: undefined, endsMs: [], isRetired: false };
    slots.push(slot);
    startTrainer(slot, faults[slot.index] ?? []);
  }

  function startTrainer(slot: Slot, wrong: readonly Fault[]): void {
    const place = placeOf(slot.index);
    const args = ['--coordinator', place.coordinator ?? address, '--listen', `${place.host ?? loopback}:0`];
    if (place.advertise !== undefined) args.push('--advertise', place.advertise);
    args.push(...tlsFlags('trainer'));
    const env = wrong.length === 0 ? {} : { [faultsVariable]: JSON.stringify(wrong) };
    slot.process = startProcess('trainer', args, { through: place.through, env });
    slot.process.keepLog(logOf(`trainer-${slot.index}`));
    void slot.process.ended.then(async (ended) => trainerEnded(slot, ended));
  }

  async function trainerEnded(
    slot: Slot,
    { code, signal, error }: Awaited<MemberProcess['ended']>,
  ): Promise<void> {
    slot.process = undefined;
    if (isOver || slot.isRetired || (options.withoutRestarts === true && signal !== undefined)) return;
    // It can't take part, and another one like it can't either.
    if (code !== 0 && (error.exitCode === 2 || error.code === 'refused')) return failUnlessOver(error);
    if (options.withoutRestarts === true) return code === 0 ? undefined : failUnlessOver(error);
    slot.endsMs.push(performance.now());
    const waitMs = decideRestart(slot.endsMs, options.mostRestarts);
    const how = signal === undefined ? error.what : `it was ended by ${signal}`;
    if (waitMs === undefined) {
      onNote(`trainer ${slot.index} ended too often and stays away: ${how}`);
      if (slots.every((other) => other.process === undefined)) await failUnlessOver(error);
      return;
    }
    if (code !== 0) onNote(`trainer ${slot.index} is started again: ${how}`);
    await delay(code === 0 ? afterGoodEndMs : waitMs);
    if (!isOver && !slot.isRetired) startTrainer(slot, []);
  }

  async function failUnlessOver(error: GanTrainError): Promise<void> {
    await Promise.race([coordinator.ended, delay(exitTimeoutMs, undefined, { ref: false })]);
    end(error);
  }

  /** As many trainers as the coordinator wants. */
  function follow(wanted: number): void {
    for (const slot of slots.slice(wanted)) {
      slot.isRetired = true;
      slot.process?.kill('SIGTERM');
    }
    for (const slot of slots.slice(0, wanted)) {
      if (!slot.isRetired) continue;
      slot.isRetired = false;
      if (slot.process === undefined) startTrainer(slot, []);
    }
    while (slots.length < wanted) addSlot();
  }

  function kill(): void {
    isOver = true;
    coordinator.kill('SIGKILL');
    for (const { process: trainer } of slots) trainer?.kill('SIGKILL');
  }

  async function drain(reason: string): Promise<void> {
    drainReason = reason;
    await callCoordinator(client, 'Drain', { runId, reason });
  }

  async function untilListening(
    started: MemberProcess,
  ): Promise<Extract<CoordinatorMessage, { event: 'listening' }>> {
    const heard = new Promise<Extract<CoordinatorMessage, { event: 'listening' }>>((resolve) => {
      started.onMessage((message) => {
        if (message.event === 'listening') resolve(message);
      });
    });
    try {
      const first = await withTimeout(
        Promise.race([heard, started.ended]),
        listenTimeoutMs,
        'starting the coordinator',
      );
      if ('event' in first) return first;
      throw first.error;
    } catch (error) {
      started.kill('SIGKILL');
      await started.ended;
      tls?.close();
      throw error;
    }
  }

  return {
    directory,
    runId,
    grpcPort,
    httpPort,
    get pids() {
      return { coordinator: coordinator.pid, trainers: slots.map((slot) => slot.process?.pid ?? 0) };
    },
    events: () => feed.events(),
    drain,
    async scale(trainers) {
      await callCoordinator(client, 'Scale', { runId, trainers });
    },
    async finished() {
      let failure: GanTrainError | undefined;
      try {
        failure = await over;
        // They were told; one that never reached the coordinator has nothing to do any more.
        const ended = Promise.all(slots.map(async ({ process: trainer }) => trainer?.ended));
        await Promise.race([ended, delay(farewellMs, undefined, { ref: false })]);
      } finally {
        kill();
        await Promise.all([coordinator.ended, ...slots.map(async ({ process: trainer }) => trainer?.ended)]);
        await feed.close();
        client.close();
        tls?.close();
      }
      if (failure !== undefined) throw failure;
    },
    signalTrainer: (index, signal) => slots[index]?.process?.kill(signal),
    signalCoordinator: (signal) => coordinator.kill(signal),
    kill,
  };
}
