import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventHub } from './events.js';
import { id, membersOf, progressOf, runOf, trainer } from './membership/testing.js';
import type { RunView, TrainerView } from './membership/view.js';
import type { Run } from './run.js';
import { scale, status } from './status.js';
import { tinyConfig } from './testing.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A run that is alive, with this view; `scaled` is what it was told to have. */
function runWith(change: Partial<RunView> = {}, config: Partial<typeof tinyConfig> = {}) {
  const scaled: number[] = [];
  const run = {
    context: {
      directory: { path: 'runs/one', record: { runId: 'run-1', status: 'running', step: 3 } },
      config: { ...tinyConfig, ...config },
      data: { count: 70_000 },
      steps: 100,
      events: createEventHub(),
    },
    core: { view: runOf(change) },
    doing: 'at work',
    link: (incarnation: string) => (incarnation === 'a' ? { pid: 7, host: 'h' } : undefined),
    scale: async (trainers: number) => {
      scaled.push(trainers);
      return Promise.resolve(2);
    },
  };
  return { run: run as unknown as Run, scaled };
}

describe('the status of a run', () => {
  it('is what a person wants to know', () => {
    const { run } = runWith({ rowsStep: 42, wanted: 3 });
    run.context.events.emit({ note: { message: 'hello' } });
    expect(status(run, { runId: '' })).toMatchObject({
      run: {
        runId: 'run-1',
        directory: 'runs/one',
        step: 42,
        steps: 100,
        items: 70_000,
        batch: tinyConfig.batch,
        status: 'running',
      },
      generation: id,
      doing: 'at work',
      trainersWanted: 3,
      trainers: [],
      row: null,
      events: [{ note: { message: 'hello' } }],
    });
  });

  it('is that of the run that was asked for', () => {
    const { run } = runWith();
    expect(() => status(run, { runId: 'run-2' })).toThrow('run run-2 is not here; this is run-1');
    expect(status(run, { runId: 'run-1' }).doing).toBe('at work');
  });

  it('names of each member what it does, and for whom it waits', () => {
    vi.advanceTimersByTime(5_000);
    const position = { step: 9, phase: 1 };
    const progress = progressOf({
      activity: 'WAITING_PEER',
      position,
      shardsDone: 2,
      waitingFor: ['b', 'gone'],
    });
    const heardAtMs = performance.now() - 1_500;
    const trainers = [trainer('b', 'running'), trainer('a', 'running', { progress, heardAtMs })];
    expect(status(runWith({ trainers }).run, { runId: '' }).trainers?.[1]).toEqual({
      incarnation: 'a',
      address: 'a:7070',
      pid: 7,
      host: 'h',
      role: 'member',
      rank: 1,
      firstShard: 2,
      shardCount: 2,
      position,
      activity: 'WAITING_PEER',
      shardsDone: 2,
      waitingFor: ['b:7070', 'gone'],
      silentSeconds: 1.5,
    });
  });

  it.each<[string, string, number, TrainerView]>([
    ['joining', 'says hello', 0, trainer('x', 'joined')],
    ['standby', 'stands by', 0, trainer('x', 'idle')],
    [
      'standby',
      'was a member of another generation',
      0,
      trainer('x', 'idle', { generation: { term: 1, n: 0 } }),
    ],
    ['member', 'stands at the end', 4, trainer('x', 'drained')],
    ['leaving', 'leaves as a member', 4, trainer('x', 'running', { leaving: true })],
    ['leaving', 'leaves and is none', 0, trainer('x', 'idle', { leaving: true })],
  ])('calls %s one that %s', (role, _what, shardCount, one) => {
    const generation = { id, members: membersOf(['x']) };
    const { run } = runWith({ trainers: [one], generation });
    expect(status(run, { runId: '' }).trainers?.[0]).toMatchObject({ role, shardCount, pid: 0, host: '' });
  });

  it('has the last row', () => {
    const { run } = runWith();
    const row = { step: 3, dLoss: 1 };
    run.context.events.emit({ row });
    expect(status(run, { runId: '' }).row).toEqual(row);
  });
});

describe('scale', () => {
  it('says how many were wanted before', async () => {
    const { run, scaled } = runWith();
    expect(await scale(run, { runId: '', trainers: 5 }, run)).toEqual({ before: 2 });
    expect(scaled).toEqual([5]);
  });

  it.each([
    ['another run', { runId: 'run-2', trainers: 5 }, 'fenced'],
    ['fewer than the run needs', { runId: '', trainers: 1 }, 'bad_config'],
    ['more than there can be', { runId: 'run-1', trainers: 1025 }, 'protocol'],
  ])('refuses %s, and changes nothing', async (_what, request, code) => {
    const { run, scaled } = runWith({}, { minTrainers: 2 });
    await expect(scale(run, request, run)).rejects.toMatchObject({ code });
    expect(scaled).toEqual([]);
  });

  it('refuses none at all', async () => {
    const { run, scaled } = runWith({}, { minTrainers: 0 });
    await expect(scale(run, { runId: '', trainers: 0 }, run)).rejects.toMatchObject({ code: 'protocol' });
    expect(scaled).toEqual([]);
  });
});
