import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  clusterStarter,
  createLink,
  createRandom,
  directoryOfTests,
  expectUndisturbed,
  liveOf,
  logLines,
  tinyDcgan,
  type Asked,
  type Link,
  type Random,
  type TestCluster,
} from '../support/index.js';

const directory = directoryOfTests();
const seed = Number(process.env.GAN_TRAIN_SOAK_SEED ?? 1);
const seconds = Number(process.env.GAN_TRAIN_SOAK_SECONDS ?? 60);
const most = 4;
const asked: Asked = {
  ...tinyDcgan,
  bucketKiB: 4,
  steps: 1_000_000,
  sampleEvery: 100,
  guardEvery: 50,
  checkpointSeconds: 5,
};

interface Links {
  /** From a trainer to the coordinator. */
  coordinator: Link;
  /** From the others to the trainer. */
  peers: Link;
}

describe('a run that has a random fault every five to ten seconds', () => {
  it(
    'ends with the bits, losses and pictures of one that has none',
    async () => {
      const random = createRandom(seed);
      const told: string[] = [`${seconds} s of random faults, seed ${seed}`];
      console.log(told[0]);
      const out = join(directory, 'run-1');
      const links = await Promise.all(Array.from({ length: most }, async (_, i) => linksOf(out, i)));
      const placeOf = (member: 'coordinator' | number) => {
        if (member === 'coordinator') return {};
        const { coordinator, peers } = links[member] as Links;
        return { coordinator: coordinator.address, advertise: peers.address };
      };
      const cluster = await clusterStarter(directory, asked)(3, {}, { placeOf, mostRestarts: 1_000 });
      try {
        await cluster.untilStep(5);
        await faults(cluster, links, random, (what) => told.push(what));
        await expectUndisturbed(cluster, asked, { goesBack: true });
        expect((await logLines(out, 'coordinator.log')).filter(({ level }) => Number(level) > 40)).toEqual(
          [],
        );
        console.log(
          `${told.length - 1} faults, ${cluster.reported.filter((e) => e.generation).length} generations, ${cluster.lastStep()} steps`,
        );
      } catch (error) {
        console.log(told.join('\n'));
        throw error;
      } finally {
        for (const { coordinator, peers } of links) {
          coordinator.close();
          peers.close();
        }
      }
    },
    1_000 * (3 * seconds + 120),
  );
});

async function linksOf(out: string, index: number): Promise<Links> {
  const host = '127.0.0.1';
  return {
    coordinator: await createLink(async () => ({ host, port: (await liveOf(out)).grpcPort })),
    peers: await createLink(async () => {
      const lines = await logLines(out, `trainer-${index}.log`);
      return { host, port: Number(lines.findLast(({ msg }) => msg === 'listening')?.port) };
    }),
  };
}

/** Until the time is over: every kind of fault once, in a random order, then again in another one. Returns when none lasts any more. */
async function faults(
  cluster: TestCluster,
  links: readonly Links[],
  random: Random,
  tell: (what: string) => void,
): Promise<void> {
  const startMs = performance.now();
  const lasting: Promise<unknown>[] = [];
  const spell = (): number => Math.round(random.between(500, 9_000));
  const trainer = (): number =>
    random.pick(cluster.pids.trainers.flatMap((pid, i) => (pid === 0 ? [] : [i])));
  const forAWhile = (what: string, begin: () => void, end: () => void): string => {
    const ms = spell();
    begin();
    lasting.push(delay(ms).then(end));
    return `${what} for ${ms} ms`;
  };
  const frozen = (what: string, link: Link): string =>
    forAWhile(
      `${what} is cut`,
      () => link.freeze(),
      () => link.thaw(),
    );
  const stopped = (
    what: string,
    pidOf: () => number | undefined,
    signal: (name: NodeJS.Signals) => void,
  ): string => {
    const pid = pidOf();
    const signalIfSame = (name: NodeJS.Signals) => () => {
      // Another process may have its place by then.
      if (pidOf() === pid) signal(name);
    };
    return forAWhile(`${what} is stopped`, signalIfSame('SIGSTOP'), signalIfSame('SIGCONT'));
  };
  const kinds: (() => string)[] = [
    () => {
      const index = trainer();
      cluster.signalTrainer(index, 'SIGKILL');
      return `trainer ${index} is killed`;
    },
    () => {
      const index = trainer();
      return stopped(
        `trainer ${index}`,
        () => cluster.pids.trainers[index],
        (name) => cluster.signalTrainer(index, name),
      );
    },
    () => {
      const index = trainer();
      cluster.signalTrainer(index, 'SIGTERM');
      return `trainer ${index} is asked to end`;
    },
    () => {
      const wanted = 2 + random.int(most - 1);
      lasting.push(scaled(cluster, wanted));
      return `${wanted} trainers are wanted`;
    },
    () => {
      cluster.signalCoordinator('SIGKILL');
      return 'the coordinator is killed';
    },
    () =>
      stopped(
        'the coordinator',
        () => cluster.pids.coordinator,
        (name) => cluster.signalCoordinator(name),
      ),
    () => {
      const index = trainer();
      return frozen(`trainer ${index} from the coordinator`, (links[index] as Links).coordinator);
    },
    () => {
      const index = trainer();
      return frozen(`trainer ${index} from its peers`, (links[index] as Links).peers);
    },
    () => {
      const index = trainer();
      const { coordinator, peers } = links[index] as Links;
      coordinator.reset();
      peers.reset();
      return `connections of trainer ${index} are reset`;
    },
  ];
  let left: (() => string)[] = [];
  while (performance.now() - startMs < 1_000 * seconds) {
    if (left.length === 0) left = [...kinds];
    const [fault] = left.splice(random.int(left.length), 1);
    const atSeconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    tell(`${atSeconds} s, step ${cluster.lastStep()}: ${(fault as () => string)()}`);
    await delay(random.between(5_000, 10_000));
  }
  await Promise.all(lasting);
}

/** Asks until a coordinator is there to be asked. */
async function scaled(cluster: TestCluster, trainers: number): Promise<void> {
  for (;;) {
    try {
      await cluster.scale(trainers);
      return;
    } catch {
      await delay(500);
    }
  }
}
