import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  callUnary,
  createCoordinatorClient,
  readStream,
  type CoordinatorClient,
  type Event__Output,
} from '@gan-train/rpc';
import {
  flagFromOption,
  GanTrainError,
  optionNames,
  type ErrorCode,
  errorCodes,
  withTimeout,
} from '@gan-train/service';

const bin = fileURLToPath(new URL('../bin/gan-train.js', import.meta.url));
const loopback = '127.0.0.1';
/** Reading a large data set for the first time takes its time. */
const listenTimeoutMs = 3_600_000;
const exitTimeoutMs = 15_000;
const farewellMs = 3_000;
const callTimeoutMs = 10_000;
/**
 * glibc asks for large pages where Linux gives them only to who asks (transparent_hugepage = madvise): a graph's arrays are made
 * anew in every step, and with small pages a twentieth of the step goes into page faults. Other C libraries don't know it.
 */
export const largePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
const mostErrorBytes = 64 * 1024;

export interface LocalClusterOptions {
  asked: Record<string, unknown>;
  out: string;
  /** Trainers to start. */
  trainers: number;
  /** Told, in words, of what takes long before the run starts. */
  onNote?: (note: string) => void;
}

type CoordinatorMessage =
  | { event: 'reading'; done: number; total: number }
  | { event: 'listening'; grpcPort: number; httpPort: number; directory: string; runId: string };

/** One process of the cluster, in a process group of its own. */
interface Member {
  name: string;
  child: ChildProcess;
  /** The last of its standard error. */
  errors: () => string;
  exited: Promise<number>;
}

/** A coordinator and trainers as processes of this machine; real gRPC between them. */
export interface LocalCluster {
  readonly directory: string;
  readonly runId: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly pids: { coordinator: number; trainers: number[] };
  /** What happens in the run, until it is over. */
  events(): AsyncGenerator<Event__Output, void, void>;
  /** Asks the run to stop after the step it is in, with a checkpoint. */
  drain(reason: string): Promise<void>;
  /** Resolves when every process is gone; rejects with the failure that ended the run. */
  finished(): Promise<void>;
  signalTrainer(index: number, signal: NodeJS.Signals): void;
  /** Ends every process at once. Idempotent. */
  kill(): void;
}

/** Starts the processes. Rejects, with nothing left running, when the coordinator refuses to serve. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const members: Member[] = [];
  const kill = (): void => {
    for (const { child } of members) killGroup(child, 'SIGKILL');
  };
  try {
    const configFlags = optionNames.flatMap((name) => {
      const value = options.asked[name] as string | number | boolean | undefined;
      return value === undefined ? [] : [`--${flagFromOption(name)}`, String(value)];
    });
    const coordinator = startMember('coordinator', [
      '--out',
      options.out,
      '--host',
      loopback,
      ...configFlags,
    ]);
    members.push(coordinator.member);
    coordinator.member.child.on('message', (message: CoordinatorMessage) => {
      if (message.event === 'reading')
        options.onNote?.(`reading images: ${message.done} of ${message.total}`);
    });
    const listening = await withTimeout(
      Promise.race([coordinator.listening, coordinator.member.exited.then(() => undefined)]),
      listenTimeoutMs,
      'starting the coordinator',
    );
    if (listening === undefined) throw errorOfMember(coordinator.member, await coordinator.member.exited);
    const { grpcPort, httpPort, directory, runId } = listening;
    const keepLog = (started: Started, name: string): void => {
      mkdirSync(join(directory, 'logs'), { recursive: true });
      const file = createWriteStream(join(directory, 'logs', `${name}.log`), { flags: 'a' });
      started.pipeLog(file);
    };
    keepLog(coordinator, 'coordinator');
    for (let i = 0; i < options.trainers; i++) {
      const address = `${loopback}:${grpcPort}`;
      const trainer = startMember('trainer', ['--coordinator', address, '--listen', `${loopback}:0`]);
      keepLog(trainer, `trainer-${i}`);
      members.push(trainer.member);
    }
    const client = createCoordinatorClient(`${loopback}:${grpcPort}`);
    return clusterOf(members, client, { grpcPort, httpPort, directory, runId }, kill);
  } catch (error) {
    kill();
    await Promise.all(members.map(async ({ exited }) => exited));
    throw error;
  }
}

function clusterOf(
  members: readonly Member[],
  client: CoordinatorClient,
  facts: { grpcPort: number; httpPort: number; directory: string; runId: string },
  kill: () => void,
): LocalCluster {
  const [coordinator, ...trainers] = members as [Member, ...Member[]];
  const { runId } = facts;
  return {
    ...facts,
    pids: { coordinator: coordinator.child.pid ?? 0, trainers: trainers.map(({ child }) => child.pid ?? 0) },
    events: () => readStream(client.Watch({ runId }), 'coordinator_lost'),
    async drain(reason) {
      const call = client.Drain.bind(client) as Parameters<typeof callUnary>[0];
      await callUnary(call, { runId, reason }, { timeoutMs: callTimeoutMs, unavailable: 'coordinator_lost' });
    },
    async finished() {
      try {
        // A trainer that can't take part ends the run: the coordinator would wait for it.
        const broken = trainers.map(async (trainer) => {
          const code = await trainer.exited;
          if (code !== 0) await failUnlessOver(trainer, code);
        });
        const over = coordinator.exited.then((code) => {
          if (code !== 0) throw errorOfMember(coordinator, code);
        });
        await Promise.race([over, Promise.all([...broken, over])]);
        // They were told; one that never reached the coordinator has nothing to do any more.
        const ended = Promise.all(trainers.map(async ({ exited }) => exited));
        await Promise.race([ended, delay(farewellMs, undefined, { ref: false })]);
      } finally {
        kill();
        client.close();
        await Promise.all(members.map(async ({ exited }) => exited));
      }
    },
    signalTrainer: (index, signal) => {
      const trainer = trainers[index];
      if (trainer !== undefined) killGroup(trainer.child, signal);
    },
    kill,
  };

  /** The coordinator knows best why a run failed, and keeps its last state; it gets the time to say so. */
  async function failUnlessOver(trainer: Member, code: number): Promise<void> {
    const own = errorOfMember(trainer, code);
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, exitTimeoutMs, 'late').unref());
    if ((await Promise.race([coordinator.exited, late])) === 'late') throw own;
  }
}

interface Started {
  member: Member;
  /** What the process tells its parent once it listens. */
  listening: Promise<Extract<CoordinatorMessage, { event: 'listening' }>>;
  pipeLog(file: WriteStream): void;
}

function startMember(command: 'coordinator' | 'trainer', args: readonly string[]): Started {
  const child = spawn(process.execPath, [bin, command, ...args], {
    // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then drains.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...largePages, ...process.env },
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-mostErrorBytes);
  });
  const exited = once(child, 'close').then(([code, signal]) =>
    typeof code === 'number' ? code : signalCode(String(signal)),
  );
  return {
    member: { name: command, child, errors: () => errors, exited },
    listening: new Promise((resolve) => {
      child.on('message', (message: CoordinatorMessage) => {
        if (message.event === 'listening') resolve(message);
      });
    }),
    pipeLog(file) {
      child.stdout?.pipe(file);
      child.stderr?.pipe(file, { end: false });
    },
  };
}

const signalCode = (signal: string): number => (signal === 'SIGKILL' ? 137 : 143);

/** The last line of the form that all our processes end with, as an error again. */
function errorOfMember({ name, errors }: Member, exitCode: number): GanTrainError {
  const match = /error (\w+): ([\s\S]+)$/.exec(errors().trimEnd());
  const code = match?.[1];
  if (code !== undefined && code in errorCodes) return new GanTrainError(code as ErrorCode, match?.[2] ?? '');
  const detail = errors().trim().split('\n').at(-1) ?? '';
  return new GanTrainError(
    'internal',
    `the ${name} ended with ${exitCode}${detail === '' ? '' : `: ${detail}`}`,
  );
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Gone between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
