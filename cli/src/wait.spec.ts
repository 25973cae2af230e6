import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as ClusterRun from './cluster-run.js';
import { wait, type WaitFlags } from './wait.js';

const openPathTo = vi.hoisted(() => vi.fn());
vi.mock('./cluster-run.js', async (original) => ({ ...(await original<typeof ClusterRun>()), openPathTo }));

let directory: string;
let stop: AbortController;
let told: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gan-train-wait-'));
  stop = new AbortController();
  told = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    told.push(String(line).trimEnd());
    // Whoever has to wait would do so for long.
    if (String(line).startsWith('waiting: ')) stop.abort(new GanTrainError('cancelled', 'it waits'));
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true });
});

const end = { for: 'end' };
const step = { for: 'step' };

async function runWith(record: object, live?: object): Promise<string> {
  const run = join(directory, 'run');
  await mkdir(run);
  await writeFile(join(run, 'run.json'), JSON.stringify(record));
  if (live) await writeFile(join(run, 'live.json'), JSON.stringify(live));
  return run;
}

const waited = async (run: string, flags: WaitFlags): Promise<number> => wait(run, flags, stop.signal);

describe('waiting for a run whose coordinator is gone', () => {
  it.each([
    ['finished', end],
    ['finished', step],
    ['stopped', end],
  ])('is over at once when that is %s: %j', async (status, flags) => {
    expect(await waited(await runWith({ status, step: 20 }), flags)).toBe(0);
    expect(told).toEqual([`the run is ${status} at step 20`]);
  });

  it('is over at once, though a coordinator that was killed has left its address', async () => {
    const run = await runWith({ status: 'finished', step: 20 }, { pid: 1, grpcPort: 1, httpPort: 1 });
    expect(await waited(run, end)).toBe(0);
  });

  it('fails at once when no step will come, or the run failed, and says why', async () => {
    const run = await runWith({ status: 'stopped', step: 20 });
    await expect(waited(run, step)).rejects.toMatchObject({
      code: 'refused',
      what: 'the run is stopped at step 20: its coordinator has ended',
    });
    await writeFile(
      join(run, 'run.json'),
      JSON.stringify({ status: 'failed', step: 20, reason: 'no space left' }),
    );
    for (const flags of [step, end])
      await expect(waited(run, flags)).rejects.toMatchObject({
        code: 'refused',
        what: 'the run is failed at step 20: no space left',
      });
  });

  it('goes on when somebody may go on with that', async () => {
    const run = await runWith({ status: 'running', step: 20 });
    await expect(waited(run, end)).rejects.toMatchObject({ code: 'cancelled' });
    expect(told).toEqual([`waiting: the run at ${run} is not alive`]);
  });
});

describe('waiting for a run in a cluster', () => {
  it('goes on while there is none, or nobody answers', async () => {
    for (const code of ['run_missing', 'kubernetes'] as const) {
      stop = new AbortController();
      openPathTo.mockRejectedValue(new GanTrainError(code, 'no coordinator runs'));
      await expect(waited('k8s:faces', end)).rejects.toMatchObject({ code: 'cancelled' });
    }
    expect(told[0]).toBe('waiting: no coordinator runs');
  });

  it('ends at once where somebody has no right to ask', async () => {
    const cause = Object.assign(new Error(), { code: 403 });
    openPathTo.mockRejectedValue(new GanTrainError('kubernetes', 'pods are forbidden', undefined, cause));
    await expect(waited('k8s:faces', end)).rejects.toMatchObject({ what: 'pods are forbidden' });
    expect(told).toEqual([]);
  });
});

describe('waiting is refused', () => {
  it('at once where there is no run', async () => {
    for (const run of [directory, join(directory, 'none'), import.meta.filename])
      await expect(waited(run, end)).rejects.toMatchObject({
        code: 'run_missing',
        what: `there is no run at ${run}`,
      });
  });

  it('for what is no end and no time, by the names of the flags', async () => {
    await expect(waited(directory, { for: 'ever' })).rejects.toThrow('--for must be step or end, not ever');
    await expect(waited(directory, { ...end, timeoutSeconds: '0' })).rejects.toThrow(
      '--timeout-seconds must be a whole number from 1',
    );
  });
});
