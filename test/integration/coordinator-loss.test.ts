import { relative, sep } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  clusterStarter,
  compareRuns,
  contentsOf,
  directoryOfTests,
  endWell,
  expectSameRun,
  logLines,
  readJson,
  said,
  setupMs,
  startTestCluster,
  tinyDcgan,
  trainReference,
  until,
  untilGone,
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

/** The step that the first generation of a term began after. */
async function stepOfStart({ directory: out }: TestCluster, term: number): Promise<number> {
  const lines = await logLines(out, 'coordinator.log');
  return Number(lines.find((line) => line.msg === 'generation started' && line.term === term)?.step);
}

/** As many members are at work in a generation after the first. */
const untilAgain = async (cluster: TestCluster, members: number): Promise<void> =>
  void (await until(`${members} trainers again`, () => {
    const generations = cluster.reported.flatMap(({ generation }) => generation ?? []);
    return (generations.length > 1 && generations.at(-1)?.members.length === members) || undefined;
  }));

/** What can be seen of what coordinators have stored of a run: hidden files are not in their place yet. */
async function storedIn(out: string): Promise<Record<string, string>> {
  const files = Object.entries(await contentsOf(out)).map(([file, hash]) => [relative(out, file), hash]);
  const isStored = ([file = '']: string[]): boolean =>
    file.split(sep).every((part) => part !== 'logs' && !part.startsWith('.'));
  return Object.fromEntries(files.filter(isStored)) as Record<string, string>;
}

/** Waits until nothing is stored any more, and says what is there. */
async function untilSettled(out: string): Promise<Record<string, string>> {
  let before = '';
  return until('a directory that stays as it is', async () => {
    // A file may go while it is looked at.
    const stored = await storedIn(out).catch(() => undefined);
    const same = before === JSON.stringify(stored);
    before = JSON.stringify(stored ?? '');
    return same ? stored : undefined;
  });
}

describe('the coordinator, killed', () => {
  it('comes back with a higher term; the trainers went on meanwhile, and every row and grid is there once', async () => {
    const cluster = await start(2);
    await cluster.untilStep(10);
    const { trainers } = cluster.pids;
    cluster.signalCoordinator('SIGKILL');
    await cluster.untilGeneration(2);
    // They had items for many steps.
    expect(await stepOfStart(cluster, 2)).toBeGreaterThan(20);
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
    const signalAll = (signal: NodeJS.Signals): void => [0, 1].forEach((i) => old.signalTrainer(i, signal));
    // Not amid a write, which would be taken to its end.
    signalAll('SIGSTOP');
    await untilSettled(out);
    old.signalCoordinator('SIGSTOP');
    signalAll('SIGCONT');
    // At other ports: the old one still has its own, and its trainers, which go on meanwhile and then wait for it.
    const next = await startTestCluster({ asked: { trainers: 2 }, out, trainers: 2 });
    expect(next.grpcPort).not.toBe(old.grpcPort);
    await next.untilStep(20);
    // Whatever changes now is the old one's doing.
    next.signalCoordinator('SIGSTOP');
    const { coordinator: pid } = old.pids;
    const before = await untilSettled(out);
    old.signalCoordinator('SIGCONT');
    await untilGone([pid], 30_000);
    expect(await storedIn(out)).toEqual(before);
    next.signalCoordinator('SIGCONT');
    expect(await ended).toMatchObject({ code: 'run_locked' });
    await endWell(next);
    await compareRuns(out, reference);
    expect(await readJson(out, 'run.json')).toMatchObject({ term: 2 });
    expect(terms(old).every((term) => term === 1)).toBe(true);
    expect(terms(next).every((term) => term === 2)).toBe(true);
  });
});
