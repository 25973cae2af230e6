import { join } from 'node:path';
import type { FaultPoint } from '@gan-train/service';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  clusterStarter,
  closings,
  directoryOfTests,
  expectFired,
  expectSameRun,
  gan,
  inspected,
  said,
  setupMs,
  tinyDcgan,
  trained,
  trainReference,
  trainersOf,
  until,
  type Asked,
  type Reference,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: 400, sampleEvery: 10, guardEvery: 10 };
let reference: Reference;

beforeAll(async () => {
  reference = await trainReference(directory, asked);
}, setupMs);

const start = clusterStarter(directory, asked);

describe('a trainer that is killed', () => {
  it.each<FaultPoint>(['beforeSend', 'midReduce', 'afterReduce', 'afterUpdate'])(
    '%s: the others go on, it comes back, and nothing shows in the run',
    async (point) => {
      const faults = { 1: [{ point, step: 20, phase: 1, action: 'kill' as const }] };
      const cluster = await start(3, {}, { faults });
      expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
      expect((await cluster.untilGeneration(3)).members).toHaveLength(3);
      await expectSameRun(cluster, reference);
      await expectFired(cluster, 1, `kill at ${point}`);
    },
  );

  it('while it takes the state over: the others go on without it, and it tries again', async () => {
    const faults = { 2: [{ point: 'midHeal' as const, action: 'kill' as const }] };
    const cluster = await start(2, {}, { faults });
    await cluster.untilStep(5);
    await cluster.scale(3);
    // It joins and dies, is gone, and joins again.
    expect((await cluster.untilGeneration(4)).members).toHaveLength(3);
    await expectSameRun(cluster, reference);
    await expectFired(cluster, 2, 'kill at midHeal');
    expect(await said(cluster, 2, 'healed')).toHaveLength(1);
  });

  it('when it was the only one: what was done since the last checkpoint is done again', async () => {
    const cluster = await start(1, { checkpointSeconds: 0.2 });
    await until(
      'a checkpoint',
      async () => ((await checkpointSteps(cluster.directory)).at(-1) ?? 0) > 10 || undefined,
    );
    cluster.signalTrainer(0, 'SIGKILL');
    await cluster.untilGeneration(2);
    await expectSameRun(cluster, reference, { goesBack: true });
  });

  it('together with all others', async () => {
    const cluster = await start(2);
    await cluster.untilStep(20);
    for (const index of [0, 1]) cluster.signalTrainer(index, 'SIGKILL');
    await cluster.untilGeneration(2);
    await expectSameRun(cluster, reference, { goesBack: true });
  });

  it('is replaced at once by a spare, which has the state already', async () => {
    const asFew = { ...asked, shards: 1 };
    const cluster = await start(2, asFew);
    await cluster.untilStep(10);
    const { members } = await cluster.untilGeneration(1);
    expect(members.map(({ shardCount }) => shardCount)).toEqual([1, 0]);
    const [worker, spare] = members;
    const trainers = await trainersOf(cluster.directory);
    cluster.signalTrainer(
      trainers.findIndex(({ address }) => address === worker?.address),
      'SIGKILL',
    );
    expect((await cluster.untilGeneration(2)).members).toMatchObject([
      { incarnation: spare?.incarnation, holds: true, shardCount: 1 },
    ]);
    await cluster.drain('the test has seen enough');
    await cluster.finished();
    const { step, weightsHash } = await inspected(cluster.directory);
    const undisturbed = await trained(
      join(directory, 'few'),
      asFew,
      '--steps',
      String(step),
      '--trainers',
      '1',
    );
    expect(weightsHash).toBe(undisturbed.weightsHash);
  });
});

describe('a trainer that gets SIGTERM', () => {
  it('leaves between phases, nothing is computed twice, and it ends with 0', async () => {
    const cluster = await start(3, {}, { withoutRestarts: true });
    await cluster.untilStep(10);
    cluster.signalTrainer(1, 'SIGTERM');
    expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
    await expectSameRun(cluster, reference);
    expect((await closings(cluster)).map(({ atOnce }) => atOnce)).toEqual([false]);
    expect(await said(cluster, 1, 'done')).toMatchObject([{ reason: 'it was asked to end' }]);
  });

  it('when it is the only one: its state is stored first, and the next one goes on from there', async () => {
    const cluster = await start(1);
    await cluster.untilStep(10);
    cluster.signalTrainer(0, 'SIGTERM');
    await cluster.untilGeneration(2);
    expect((await checkpointSteps(cluster.directory)).at(-1)).toBeGreaterThanOrEqual(9);
    await expectSameRun(cluster, reference);
  });
});

describe('a trainer that is stopped', () => {
  it('is evicted, and when it goes on it joins anew, in the same process', async () => {
    const cluster = await start(3);
    await cluster.untilStep(10);
    const pid = cluster.pids.trainers[1];
    cluster.signalTrainer(1, 'SIGSTOP');
    const { members, reason } = await cluster.untilGeneration(2);
    expect(members).toHaveLength(2);
    expect(reason).toContain('silent for 5 s');
    cluster.signalTrainer(1, 'SIGCONT');
    expect((await cluster.untilGeneration(3)).members).toHaveLength(3);
    expect(cluster.pids.trainers[1]).toBe(pid);
    await expectSameRun(cluster, reference);
  });
});

describe('the number of trainers', () => {
  it('changes while the run goes on: 1, 4, 2', async () => {
    const cluster = await start(1);
    await cluster.untilStep(5);
    const { code, stdout, stderr } = await gan('scale', '4', cluster.directory);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('4 trainers wanted, 1 before');
    const size = async (members: number): Promise<void> =>
      void (await until(
        `${members} members`,
        () =>
          cluster.reported.findLast(({ generation }) => generation)?.generation?.members.length === members ||
          undefined,
      ));
    await size(4);
    await cluster.scale(2);
    await size(2);
    await expectSameRun(cluster, reference);
    // Nothing forced a change: no phase was given up.
    expect((await closings(cluster)).every(({ atOnce }) => !atOnce)).toBe(true);
  });

  it('below the least the run pauses, says what it waits for, and goes on', async () => {
    const cluster = await start(2, { minTrainers: 2 });
    await cluster.untilStep(10);
    cluster.signalTrainer(1, 'SIGKILL');
    const paused = await until('the pause', async () => {
      const { stdout } = await gan('status', cluster.directory, '--json');
      const { doing } = JSON.parse(stdout) as { doing: string };
      return doing.startsWith('paused') ? doing : undefined;
    });
    expect(paused).toMatch(
      /^paused at step \d+ [dg]: 1 of 2 trainers is ready, after trainer .* was lost: its session broke$/,
    );
    await expectSameRun(cluster, reference);
  });
});
