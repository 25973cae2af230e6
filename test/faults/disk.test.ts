import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { newestCheckpoint } from '@gan-train/checkpoint';
import { afterEach, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  closings,
  compareRuns,
  directoryOfTests,
  endClusters,
  endless,
  endWell,
  expectUndisturbed,
  logLines,
  said,
  scrape,
  startTestCluster,
  stepsCommitted,
  tinyDcgan,
  trainUndisturbed,
  until,
  type Asked,
} from '../support/index.js';
import { createFailingDisk, createFullDisk, createReadOnlyDisk, type Disk } from './disks.js';
import { beginFault } from './times.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: endless, sampleEvery: 100, checkpointSeconds: 0.3 };
let disk: Disk | undefined;
let made = 0;

afterEach(async () => {
  await endClusters();
  disk?.unmount();
  disk = undefined;
});

const start = async (out: string) => startTestCluster({ asked: { ...asked, trainers: 2 }, out, trainers: 2 });

describe("the checkpoints' disk", () => {
  it.each([
    ['full', createFullDisk, 'io', 'ENOSPC'],
    ['read-only', createReadOnlyDisk, 'not_writable', 'EROFS'],
    ['failing', createFailingDisk, 'io', 'EIO'],
  ])(
    'is %s: training goes on, log and metric say so, what was stored stays, and all is well when it is',
    async (name, createDisk, code, cause) => {
      const out = join(directory, `run-${++made}`);
      const checkpoints = join(out, 'checkpoints');
      disk = createDisk(checkpoints);
      const broken = disk;
      const cluster = await start(out);
      await until('a checkpoint', async () => (await checkpointSteps(out)).length > 0 || undefined);
      const { times } = beginFault(cluster, `the checkpoints' disk is ${name}`, () => broken.break());
      const failed = await until('a failed checkpoint', async () => {
        broken.break();
        const lines = await logLines(out, 'coordinator.log');
        return lines.find(({ msg, level }) => msg === 'not stored' && Number(level) >= 50);
      });
      expect(JSON.stringify(failed.err)).toContain(cause);
      const { values } = await scrape(cluster.httpPort);
      expect(values.get(`gan_train_checkpoint_failures_total{reason="${code}"}`)).toBeGreaterThan(0);
      await cluster.untilStep(cluster.lastStep() + 50);
      // Throws where one that can be seen is not whole.
      const rejected: string[] = [];
      const newest = await newestCheckpoint(checkpoints, { onRejected: (dir) => rejected.push(dir) });
      expect(rejected).toEqual([]);
      const step = newest?.manifest.step ?? 0;
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(cluster.lastStep());
      broken.mend();
      await until(
        'a later checkpoint',
        async () => ((await checkpointSteps(out)).at(-1) ?? 0) > step || undefined,
      );
      expect(await closings(cluster)).toEqual([]);
      await expectUndisturbed(cluster, asked);
      await times(failed);
    },
  );
});

describe("the run directory's disk", () => {
  it('is full: training goes on, and when there is room again all is stored that was computed meanwhile', async () => {
    const out = join(directory, `run-${++made}`);
    const full = createFullDisk(out);
    disk = full;
    const cluster = await start(out);
    await until('a checkpoint', async () => (await checkpointSteps(out)).length > 0 || undefined);
    const [listening] = await said(cluster, 0, 'listening');
    // What is left of the page that the last row lies in still takes some.
    const ahead = await until(
      'a trainer that is far ahead of what is stored',
      async () => {
        full.break();
        const steps = stepsCommitted(await scrape(Number(listening?.httpPort)));
        return steps > cluster.lastStep() + 50 ? steps : undefined;
      },
      90_000,
    );
    const { values } = await scrape(cluster.httpPort);
    expect(values.get('gan_train_checkpoint_failures_total{reason="io"}')).toBeGreaterThan(0);
    expect(cluster.notes).toContainEqual(expect.stringMatching(/lines are missing from .*ENOSPC/));
    full.mend();
    await cluster.untilStep(ahead);
    expect(cluster.reported.filter(({ generation }) => generation)).toHaveLength(1);
    await expectUndisturbed(cluster, asked);
  });

  it('is full when the run is asked to end: it ends, and says why; started again when there is room, it goes on from what is stored', async () => {
    const out = join(directory, `run-${++made}`);
    const full = createFullDisk(out);
    disk = full;
    const cluster = await start(out);
    await until('a checkpoint', async () => (await checkpointSteps(out)).length > 0 || undefined);
    let failure: unknown;
    cluster.finished().catch((error: unknown) => (failure = error));
    let isAsked = false;
    await until('the end of the run', async () => {
      full.break();
      if (!isAsked && cluster.notes.some((note) => note.includes('lines are missing'))) {
        isAsked = true;
        await cluster.drain('the test has seen enough');
      }
      return failure;
    });
    expect(failure).toMatchObject({ code: 'io' });
    expect((failure as Error).message).toMatch(/ENOSPC.*free some space/);
    full.mend();
    const again = await start(out);
    await again.untilGeneration(1);
    const { step } = await endWell(again);
    await compareRuns(out, await trainUndisturbed(out, asked, step));
  });

  it('is read-only: the run can be locked no more, so it ends; started again when all is well, it goes on from what is stored', async () => {
    const out = join(directory, `run-${++made}`);
    const readOnly = createReadOnlyDisk(out);
    disk = readOnly;
    keepLogsElsewhere(out);
    const cluster = await start(out);
    await until('a checkpoint', async () => (await checkpointSteps(out)).length > 0 || undefined);
    let failure: unknown;
    cluster.finished().catch((error: unknown) => (failure = error));
    await until('the end of the run', () => {
      readOnly.break();
      return failure;
    });
    expect(failure).toMatchObject({ code: 'not_writable' });
    expect((failure as Error).message).toMatch(/cannot be renewed.*EROFS/);
    const failed = (await logLines(out, 'coordinator.log')).filter(
      ({ msg, what }) => msg === 'not stored: it is tried again' && what === 'rows',
    );
    expect(failed).toHaveLength(1);
    expect(JSON.stringify(failed)).toContain('EROFS');
    readOnly.mend();
    const again = await start(out);
    await again.untilGeneration(1);
    const { step } = await endWell(again);
    await compareRuns(out, await trainUndisturbed(out, asked, step));
  });
});

/** What processes say goes to another disk. */
function keepLogsElsewhere(out: string): void {
  mkdirSync(`${out}-logs`);
  symlinkSync(`${out}-logs`, join(out, 'logs'));
}
