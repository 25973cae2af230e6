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

/** A run that has stored a checkpoint, with its directory, or a folder in it, on a disk that can be broken. */
async function startOn(
  createDisk: (path: string) => Disk,
  {
    folder = '.',
    prepare = (): void => undefined,
  }: { folder?: string; prepare?: (out: string) => void } = {},
) {
  const out = join(directory, `run-${++made}`);
  const broken = createDisk(join(out, folder));
  disk = broken;
  prepare(out);
  const cluster = await start(out);
  await until('a checkpoint', async () => (await checkpointSteps(out)).length > 0 || undefined);
  return { out, broken, cluster };
}

/** Goes on with a run that ended, and fails unless it becomes what it would have been. */
async function expectGoesOn(out: string): Promise<void> {
  const again = await start(out);
  await again.untilGeneration(1);
  const { step } = await endWell(again);
  await compareRuns(out, await trainUndisturbed(out, asked, step));
}

describe("the checkpoints' disk", () => {
  it.each([
    ['full', createFullDisk, 'io', 'ENOSPC'],
    ['read-only', createReadOnlyDisk, 'not_writable', 'EROFS'],
    ['failing', createFailingDisk, 'io', 'EIO'],
  ])(
    'is %s: training goes on, log and metric say so, what was stored stays, and all is well when it is',
    async (name, createDisk, code, cause) => {
      const { out, broken, cluster } = await startOn(createDisk, { folder: 'checkpoints' });
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
      const newest = await newestCheckpoint(join(out, 'checkpoints'), {
        onRejected: (dir) => rejected.push(dir),
      });
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
    const { broken: full, cluster } = await startOn(createFullDisk);
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
    const { out, broken: full, cluster } = await startOn(createFullDisk);
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
    await expectGoesOn(out);
  });

  it('is read-only: the run can be locked no more, so it ends; started again when all is well, it goes on from what is stored', async () => {
    const {
      out,
      broken: readOnly,
      cluster,
    } = await startOn(createReadOnlyDisk, { prepare: keepLogsElsewhere });
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
    await expectGoesOn(out);
  });
});

/** What processes say goes to another disk. */
function keepLogsElsewhere(out: string): void {
  mkdirSync(`${out}-logs`);
  symlinkSync(`${out}-logs`, join(out, 'logs'));
}
