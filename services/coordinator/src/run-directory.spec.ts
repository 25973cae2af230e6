import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLossRows, type FoundCheckpoint } from '@gan-train/checkpoint';
import type { DataManifest } from '@gan-train/data';
import { resolveConfig } from '@gan-train/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openRunDirectory, type RunDirectory } from './run-directory.js';
import { loadLive, loadPinnedManifest, loadRunConfig, loadRunRecord, runExists } from './run-files.js';
import { lockLost } from './run-lock.js';
import { keepingLog, temporaryFolder, tinyConfig, weightsOf, writeCheckpoint } from './testing.js';

const manifest = { format: 1, source: 'mnist', hash: 'x' } as unknown as DataManifest;
const fresh = (runId: string) => ({ runId, versions: { ganTrain: '1' } });
const { log } = keepingLog();

const open: RunDirectory[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const directory of open.splice(0)) await directory.close();
});

async function openRun(
  path: string,
  change: { runId?: string; config?: typeof tinyConfig } = {},
): Promise<RunDirectory> {
  const { runId = 'run-1', config = tinyConfig } = change;
  const directory = await openRunDirectory(path, fresh(runId), config, manifest, log);
  open.push(directory);
  return directory;
}

async function closeAll(): Promise<void> {
  for (const directory of open.splice(0)) await directory.close();
}

const row = (step: number) => ({
  step,
  epoch: 1,
  dLoss: 1,
  gLoss: 2,
  dReal: 0.5,
  dFake: 0.5,
  imagesPerSecond: 9,
});

/** A run that came to `step`, with checkpoints at these steps, as a dead coordinator leaves it. */
async function runAt(path: string, step: number, checkpoints: readonly number[]): Promise<void> {
  const directory = await openRun(path);
  const steps = Array.from({ length: step }, (_, i) => i + 1);
  await directory.appendRows(steps.map(row));
  for (const at of steps)
    await writeFile(directory.file('samples', `${String(at).padStart(6, '0')}.png`), '');
  for (const at of checkpoints) await writeCheckpoint(directory.file('checkpoints'), at);
  await directory.save({ status: 'failed', reason: 'a trainer was lost', step });
  await closeAll();
}

const rowSteps = async (path: string): Promise<number[]> =>
  (await loadLossRows(join(path, 'gan_loss.csv'))).map(({ step }) => step);

describe('a new run directory', () => {
  it('is made, with parents, config and record, before anything is served', async () => {
    const path = join(await temporaryFolder(), 'runs', 'one');
    expect(await runExists(path)).toBe(false);
    const directory = await openRun(path);
    expect(await runExists(path)).toBe(true);
    expect(directory.checkpoint).toBeUndefined();
    expect(await loadRunRecord(path)).toEqual(directory.record);
    expect(directory.record).toMatchObject({
      format: 1,
      runId: 'run-1',
      status: 'waiting',
      term: 1,
      step: 0,
      generation: { term: 0, n: 0 },
      versions: { ganTrain: '1' },
    });
    expect(resolveConfig(await loadRunConfig(path))).toEqual(tinyConfig);
    expect(await readdir(path)).toEqual(expect.arrayContaining(['samples', 'weights', 'data-manifest.json']));
  });

  it('keeps what is saved, on the disk at once', async () => {
    const path = await temporaryFolder();
    const directory = await openRun(path);
    await directory.save({ status: 'running', generation: { term: 1, n: 1 } });
    await directory.save({ step: 7 });
    const record = await loadRunRecord(path);
    expect(record).toMatchObject({ status: 'running', generation: { term: 1, n: 1 }, step: 7 });
    expect(record).toEqual(directory.record);
  });

  it('forgets ports and lock when it is closed', async () => {
    const path = await temporaryFolder();
    const directory = await openRun(path);
    await directory.saveLive({ pid: 1, grpcPort: 2, httpPort: 3 });
    // Whoever comes after one that was killed finds it there.
    expect(await loadLive(path)).toEqual({ pid: 1, grpcPort: 2, httpPort: 3 });
    await closeAll();
    expect(await loadLive(path)).toBeUndefined();
    const names = await readdir(path);
    expect(names).not.toContain('live.json');
    expect(names).not.toContain('.lock');
  });

  it('can begin from given weights, as step 0 with empty slots', async () => {
    const path = await temporaryFolder();
    const weights = weightsOf(tinyConfig);
    const directory = await openRunDirectory(path, fresh('run-1'), tinyConfig, manifest, log, weights);
    open.push(directory);
    expect(directory.checkpoint?.manifest).toMatchObject({ step: 0, runId: 'run-1', counters: { phase: 1 } });
    expect(directory.record).toMatchObject({ step: 0, initHash: directory.checkpoint?.manifest.weightsHash });
  });
});

describe('a run that goes on', () => {
  it('keeps who it is, raises the term and starts from its newest checkpoint', async () => {
    const path = await temporaryFolder();
    await runAt(path, 6, [2, 4]);
    const { createdAt } = await loadRunRecord(path);
    const { record, checkpoint } = await openRun(path, { runId: 'another' });
    expect(checkpoint?.manifest.step).toBe(4);
    expect(record).toMatchObject({ runId: 'run-1', createdAt, term: 2, step: 4, status: 'waiting' });
    expect(record).not.toHaveProperty('reason');
    expect(await loadRunRecord(path)).toEqual(record);
  });

  it('raises the term every time, also when nothing happened', async () => {
    const path = await temporaryFolder();
    for (const term of [1, 2, 3]) {
      expect((await openRun(path)).record.term).toBe(term);
      await closeAll();
    }
  });

  it('keeps rows and grids beyond its checkpoint: trainers that are still there may hold that state', async () => {
    const path = await temporaryFolder();
    await runAt(path, 6, [4]);
    const directory = await openRun(path);
    expect(await rowSteps(path)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await directory.lastRowStep()).toBe(6);
    expect(await readdir(join(path, 'samples'))).toHaveLength(6);
  });

  it('cuts rows and grids back when it is told to: they are computed again', async () => {
    const path = await temporaryFolder();
    await runAt(path, 6, [4]);
    await writeFile(join(path, 'samples', 'mine.png'), '');
    const directory = await openRun(path);
    await directory.rewind(4);
    expect(await rowSteps(path)).toEqual([1, 2, 3, 4]);
    const grids = ['000001.png', '000002.png', '000003.png', '000004.png', 'mine.png'];
    expect(await readdir(join(path, 'samples'))).toEqual(grids);
  });

  it('begins again at step 0 when it died before its first checkpoint', async () => {
    const path = await temporaryFolder();
    await runAt(path, 3, []);
    const directory = await openRun(path);
    const { record, checkpoint } = directory;
    expect(checkpoint).toBeUndefined();
    expect(record).toMatchObject({ runId: 'run-1', step: 0 });
    await directory.rewind(0);
    expect(await rowSteps(path)).toEqual([]);
  });

  it('knows its last generation and who was in it', async () => {
    const path = await temporaryFolder();
    const members = [{ incarnation: 'i', address: 'a:1', firstShard: 0, shardCount: 4, holds: true }];
    await (await openRun(path)).save({ generation: { term: 1, n: 7 }, members });
    await closeAll();
    expect((await openRun(path)).record).toMatchObject({ generation: { term: 1, n: 7 }, members });
  });

  it('keeps a config that was changed while it was alive', async () => {
    const path = await temporaryFolder();
    await (await openRun(path)).saveConfig({ ...tinyConfig, trainers: 5 });
    expect(await loadRunConfig(path)).toMatchObject({ trainers: 5 });
  });

  it('says how far it is stored with each checkpoint', async () => {
    const path = await temporaryFolder();
    await runAt(path, 6, [4]);
    const directory = await openRun(path);
    const { dir } = await writeCheckpoint(directory.file('checkpoints'), 6);
    const manifest = { ...directory.checkpoint?.manifest, step: 6 } as FoundCheckpoint['manifest'];
    await directory.checkpointStored({ dir, manifest });
    expect(directory.checkpoint?.dir).toBe(dir);
    expect(await loadRunRecord(path)).toMatchObject({ step: 6 });
  });

  it('takes the operational options that are asked for now', async () => {
    const path = await temporaryFolder();
    await runAt(path, 2, [2]);
    await openRun(path, { config: { ...tinyConfig, steps: 77 } });
    expect(await loadRunConfig(path)).toMatchObject({ steps: 77 });
  });

  it('passes over a broken checkpoint for an older one, and says so', async () => {
    const path = await temporaryFolder();
    await runAt(path, 4, [2, 4]);
    await truncate(join(path, 'checkpoints', '000004', 'state.safetensors'), 50);
    const directory = await openRun(path);
    expect(directory.record.step).toBe(2);
    expect(directory.passedOver).toHaveLength(1);
    expect(directory.passedOver[0]).toContain('000004');
  });

  it('refuses to begin again in silence when no checkpoint is whole, and leaves everything as it is', async () => {
    const path = await temporaryFolder();
    await runAt(path, 4, [2, 4]);
    for (const step of ['000002', '000004']) {
      await truncate(join(path, 'checkpoints', step, 'state.safetensors'), 50);
    }
    const before = await readFile(join(path, 'gan_loss.csv'), 'utf8');
    await expect(openRun(path)).rejects.toMatchObject({
      code: 'bad_checkpoint',
      what: `none of the 2 checkpoints of ${path} is whole`,
    });
    expect(await readFile(join(path, 'gan_loss.csv'), 'utf8')).toBe(before);
    expect(await loadRunRecord(path)).toMatchObject({ status: 'failed', term: 1 });
    // The lock was given back: another try is refused for the same reason, not as locked.
    await expect(openRun(path)).rejects.toMatchObject({ code: 'bad_checkpoint' });
  });
});

describe('a run directory that another coordinator has taken over', () => {
  it('is not changed any more by the one that was paused', async () => {
    const path = await temporaryFolder();
    await runAt(path, 6, [4]);
    const old = await openRun(path);
    const grid = join(path, 'samples', '000007.png');
    // As the other one does before it serves.
    const others = { ...old.record, term: old.record.term + 1 };
    await writeFile(join(path, 'run.json'), JSON.stringify(others));
    const names = await readdir(path);
    for (const change of [
      async () => old.requireOwn(),
      async () => old.write(grid, 'x'),
      async () => old.save({ status: 'running' }),
      async () => old.saveConfig({ ...tinyConfig, trainers: 5 }),
      async () => old.appendRows([row(7)]),
      async () => old.rewind(4),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'run_locked' });
    expect(await loadRunRecord(path)).toEqual(others);
    expect(await loadRunConfig(path)).not.toMatchObject({ trainers: 5 });
    expect(await rowSteps(path)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await readdir(join(path, 'samples'))).toHaveLength(6);
    expect(await readdir(path)).toEqual(names);
  });

  it('has nothing left of what that one was about to write', async () => {
    const path = await temporaryFolder();
    await runAt(path, 2, [2]);
    const left = [
      '.run.json.0123456789ab.tmp',
      'samples/.000003.png.0123456789ab.tmp',
      'weights/.a.h5.0123456789ab.tmp',
    ];
    for (const name of left) await writeFile(join(path, name), 'half');
    await openRun(path);
    for (const dir of ['', 'samples', 'weights'])
      expect((await readdir(join(path, dir))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('takes up saving again after a save that failed', async () => {
    const path = await temporaryFolder();
    const directory = await openRun(path);
    // A directory in its place can't be replaced by a file.
    await rm(join(path, 'run.json'));
    await mkdir(join(path, 'run.json', 'in the way'), { recursive: true });
    await expect(directory.save({ step: 1 })).rejects.toMatchObject({ code: 'io' });
    await rm(join(path, 'run.json'), { recursive: true });
    await directory.save({ step: 2 });
    expect(await loadRunRecord(path)).toMatchObject({ step: 2 });
  });
});

describe('the lock of a run', () => {
  it.each([
    ['taken over', new Error('Unable to update lock within the stale threshold'), 'run_locked'],
    ['removed', Object.assign(new Error('ENOENT: no such file'), { syscall: 'stat' }), 'run_locked'],
    [
      'on a disk that became read-only',
      Object.assign(new Error('EROFS: read-only'), { syscall: 'utime' }),
      'not_writable',
    ],
  ])('that was %s is lost for that reason', (_how, error, code) => {
    expect(lockLost('/runs/one', error)).toMatchObject({ code });
  });

  it('keeps a second coordinator out', async () => {
    const path = await temporaryFolder();
    await openRun(path);
    // The waiting between tries is not waited for; the holder's renewals run on the same clock.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let isOver = false;
    const second = openRun(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    void second.then(() => (isOver = true));
    while (!isOver) {
      await vi.advanceTimersByTimeAsync(100);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(await second).toMatchObject({
      code: 'run_locked',
      what: `another coordinator has the run at ${path}`,
    });
    expect((await loadRunRecord(path)).term).toBe(1);
  });
});

describe('a place that cannot be a run directory', () => {
  it('is named when it lies below a file', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const path = join(file, 'run');
    await expect(runExists(path)).rejects.toMatchObject({
      code: 'not_writable',
      what: `${path} lies below a file`,
    });
    await expect(openRun(path)).rejects.toMatchObject({ code: 'not_writable' });
  });

  it('is named when it is a file', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(openRun(file)).rejects.toMatchObject({ code: 'not_writable' });
  });
});

describe('the files of a run that is not there', () => {
  it('are run_missing, with the directory', async () => {
    const path = join(await temporaryFolder(), 'none');
    for (const load of [loadRunConfig, loadRunRecord, loadPinnedManifest]) {
      await expect(load(path)).rejects.toMatchObject({
        code: 'run_missing',
        what: expect.stringContaining(`there is no run at ${path}`) as string,
      });
    }
  });

  it('are run_missing too when run.json is damaged, and bad_data when the manifest is', async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'run.json'), '{"format":');
    await writeFile(join(path, 'data-manifest.json'), '{"format":1,"hash":"x"}');
    await expect(loadRunRecord(path)).rejects.toMatchObject({ code: 'run_missing' });
    await expect(loadPinnedManifest(path)).rejects.toMatchObject({ code: 'bad_data' });
  });

  it('do not make a directory a run', async () => {
    const path = await temporaryFolder();
    await mkdir(join(path, 'run.json'));
    expect(await runExists(path)).toBe(false);
    await rm(join(path, 'run.json'), { recursive: true });
  });
});
