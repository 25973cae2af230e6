import type { Fault } from '@gan-train/service';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  clusterStarter,
  directoryOfTests,
  endless,
  expectFired,
  expectSameRun,
  inspected,
  setupMs,
  tinyDcgan,
  trainReference,
  type Asked,
  type Reference,
  type TestCluster,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: 200, sampleEvery: 10, guardEvery: 10 };
let reference: Reference;

beforeAll(async () => {
  reference = await trainReference(directory, asked);
}, setupMs);

const start = clusterStarter(directory, asked);
/** A run of three trainers in which these things go wrong. */
const startWith = async (
  faults: Record<number, readonly Fault[]>,
  change: Asked = {},
): Promise<TestCluster> => start(3, change, { faults });
const flip = (step: number): Fault => ({ point: 'afterUpdate', step, phase: 1, action: 'flip' });

describe('a bit that flips in one replica', () => {
  it('is found, its trainer is named, and all go back to the newest checkpoint and compute again', async () => {
    const cluster = await startWith({ 1: [flip(33)] }, { checkpointSeconds: 0.3 });
    const { reason } = await cluster.untilGeneration(2);
    expect(reason).toMatch(/after replicas differed at step \d+ g$/);
    await expectSameRun(cluster, reference, { goesBack: true });
    await expectFired(cluster, 1, 'flip at afterUpdate');
    const named = cluster.reported.flatMap(
      ({ note }) => /: ([\d.:]+) from the others/.exec(note?.message ?? '')?.[1] ?? [],
    );
    expect(named).toHaveLength(1);
  });

  it('twice before a new checkpoint ends the run, which names the machine', async () => {
    const cluster = await startWith({ 1: [flip(13), flip(13)] });
    await expect(cluster.finished()).rejects.toMatchObject({ code: 'state_mismatch' });
    const { status, reason } = await inspected(cluster.directory);
    expect(status).toBe('failed');
    expect(reason).toMatch(
      /^replicas differ at step 20 g: 127\.0\.0\.1:\d+ from the others, for the second time since the last checkpoint/,
    );
    expect(await checkpointSteps(cluster.directory)).toEqual([]);
  });
});

describe('a gradient that is not finite', () => {
  const nan = (step: number, phases: number): Fault => ({ point: 'gradient', step, action: 'nan', phases });

  it('of one trainer is skipped by all alike, and counted', async () => {
    const cluster = await startWith({ 1: [nan(20, 1)] }, { steps: 40 });
    await cluster.finished();
    await expectFired(cluster, 1, 'nan at gradient');
    // The replicas stayed equal: they were compared every ten steps.
    expect(cluster.reported.filter(({ generation }) => generation)).toHaveLength(1);
    const row = cluster.reported.find((event) => event.row?.step === 20)?.row;
    expect(row?.skippedPhases).toBe(1);
    expect((await inspected(cluster.directory)).status).toBe('finished');
  });

  it('again and again ends the run with the reason, and keeps the state', async () => {
    // Also when its trainer is lost for a while: the others train on, and it goes wrong again when it is back.
    const cluster = await startWith({ 1: [nan(20, 10_000)] }, { maxSkipped: 6, steps: endless });
    await expect(cluster.finished()).rejects.toMatchObject({ code: 'nonfinite' });
    const { status, reason, step } = await inspected(cluster.directory);
    expect({ status, reason }).toEqual({
      status: 'failed',
      reason: '6 updates in a row were skipped for gradients that were not finite',
    });
    const rows = cluster.reported.flatMap(({ row }) => (row ? [row] : []));
    expect(rows.slice(-3).map(({ step: of, skippedPhases }) => [of, skippedPhases])).toEqual([
      [step - 2, 2],
      [step - 1, 2],
      [step, 2],
    ]);
  });
});
