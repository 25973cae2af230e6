import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  clusterStarter,
  compareRuns,
  directoryOfTests,
  endWell,
  expectSameRun,
  readJson,
  said,
  setupMs,
  startTestCluster,
  tinyDcgan,
  trainReference,
  until,
  type Asked,
  type Reference,
  type TestCluster,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: 800, sampleEvery: 10, guardEvery: 10 };
let reference: Reference;

beforeAll(async () => {
  reference = await trainReference(directory, asked);
}, setupMs);

const start = clusterStarter(directory, asked);

const terms = (cluster: TestCluster): number[] =>
  cluster.reported.flatMap(({ generation }) => generation?.generation?.term ?? []);

/** As many members are at work in a generation after the first. */
const untilAgain = async (cluster: TestCluster, members: number): Promise<void> =>
  void (await until(`${members} trainers again`, () => {
    const generations = cluster.reported.flatMap(({ generation }) => generation ?? []);
    return (generations.length > 1 && generations.at(-1)?.members.length === members) || undefined;
  }));

describe('the coordinator, killed', () => {
  it('comes back with a higher term; the trainers went on meanwhile, and every row and grid is there once', async () => {
    const cluster = await start(2);
    await cluster.untilStep(10);
    const { trainers } = cluster.pids;
    cluster.signalCoordinator('SIGKILL');
    await cluster.untilGeneration(2);
    // They had items for many steps: what they did alone is stored now.
    expect(cluster.lastStep()).toBeGreaterThan(20);
    expect(terms(cluster)).toEqual([1, 2]);
    expect(cluster.pids.trainers).toEqual(trainers);
    await expectSameRun(cluster, reference);
  });

  it('and a trainer while it is away: the others wait for it, and go on from where they stand', async () => {
    const cluster = await start(3);
    await cluster.untilStep(10);
    cluster.signalCoordinator('SIGKILL');
    cluster.signalTrainer(2, 'SIGKILL');
    await untilAgain(cluster, 3);
    expect(terms(cluster).at(-1)).toBe(2);
    await expectSameRun(cluster, reference);
  });

  it('and all trainers: the run goes on from its newest checkpoint', async () => {
    const cluster = await start(2, { checkpointSeconds: 0.2 });
    await until(
      'a checkpoint',
      async () => ((await checkpointSteps(cluster.directory)).at(-1) ?? 0) > 5 || undefined,
    );
    cluster.signalCoordinator('SIGKILL');
    for (const index of [0, 1]) cluster.signalTrainer(index, 'SIGKILL');
    await untilAgain(cluster, 2);
    await expectSameRun(cluster, reference, { goesBack: true });
    expect(await readJson(cluster.directory, 'run.json')).toMatchObject({ term: 2 });
  });
});

describe('the coordinator, stopped', () => {
  it('for longer than its trainers wait for an answer: they come back to it and go on', async () => {
    const cluster = await start(2);
    await cluster.untilStep(10);
    cluster.signalCoordinator('SIGSTOP');
    await until(
      'a trainer that gives the session up',
      async () => (await said(cluster, 0, 'no session with the coordinator')).length > 0 || undefined,
    );
    cluster.signalCoordinator('SIGCONT');
    await untilAgain(cluster, 2);
    await expectSameRun(cluster, reference);
    expect(terms(cluster).every((term) => term === 1)).toBe(true);
  });
});

describe('an old coordinator', () => {
  it('that wakes up when another one has its run stores nothing any more, and ends', async () => {
    const old = await start(2, { checkpointSeconds: 0.2 }, { withoutRestarts: true });
    const { directory: out } = old;
    await until('a checkpoint', async () => ((await checkpointSteps(out)).at(-1) ?? 0) > 5 || undefined);
    const ended = old.finished().catch((error: unknown) => error);
    old.signalCoordinator('SIGSTOP');
    // At other ports: the old one still has its own, and its trainers, which go on meanwhile and then wait for it.
    const next = await startTestCluster({ asked: { trainers: 2 }, out, trainers: 2 });
    expect(next.grpcPort).not.toBe(old.grpcPort);
    await next.untilStep(20);
    old.signalCoordinator('SIGCONT');
    expect(await ended).toMatchObject({ code: 'run_locked' });
    await endWell(next);
    await compareRuns(out, reference);
    expect(await readJson(out, 'run.json')).toMatchObject({ term: 2 });
    expect(terms(old).every((term) => term === 1)).toBe(true);
    expect(terms(next).every((term) => term === 2)).toBe(true);
  });
});
