import { describe, expect, it } from 'vitest';
import { createStallInspector } from './stall.js';
import { nowMs, progressOf, runOf, trainer } from './testing.js';
import type { RunView, TrainerView } from './view.js';

const at = (step: number, phase = 1) => ({ step, phase });

/** What is said at these times, in seconds after the start. */
function said(
  seconds: readonly number[],
  act: (inspector: ReturnType<typeof createStallInspector>) => void = () => undefined,
) {
  const inspector = createStallInspector(nowMs);
  inspector.begin(nowMs, at(10));
  act(inspector);
  return seconds.filter(
    (s) => inspector.look(nowMs + 1000 * s, runOf({ trainers: [trainer('a', 'running')] })) !== undefined,
  );
}

describe('a run that does not get on', () => {
  it('is said to after ten seconds, and again after as much time', () => {
    expect(said([9.9, 10, 11, 19.9, 20, 30])).toEqual([10, 20, 30]);
  });

  it('is measured from the last commit that was further', () => {
    expect(said([14.9, 15], (inspector) => inspector.committed(nowMs + 5_000, at(11, 0)))).toEqual([15]);
    expect(said([9.9, 10], (inspector) => inspector.committed(nowMs + 5_000, at(10)))).toEqual([10]);
    expect(said([9.9, 10], (inspector) => inspector.committed(nowMs + 5_000, at(10, 0)))).toEqual([10]);
    expect(said([9.9, 10], (inspector) => inspector.committed(nowMs + 5_000, at(9)))).toEqual([10]);
  });

  it('is measured from the start of its generation, which may be behind', () => {
    expect(said([14.9, 15], (inspector) => inspector.begin(nowMs + 5_000, at(3)))).toEqual([15]);
    const further = said([14, 16, 17], (inspector) => {
      inspector.begin(nowMs + 5_000, at(3));
      inspector.committed(nowMs + 7_000, at(4, 0));
    });
    expect(further).toEqual([17]);
  });

  it('is measured anew after a pause of the coordinator', () => {
    expect(said([14.9, 15], (inspector) => inspector.rearm(nowMs + 5_000))).toEqual([15]);
  });
});

describe('what it waits for', () => {
  const words = (trainers: TrainerView[], change: Partial<RunView> = {}) =>
    createStallInspector(nowMs - 12_300).look(nowMs, runOf({ trainers, ...change }));
  const since = (change: Partial<TrainerView['progress']>) => ({
    progress: progressOf({ sinceMs: nowMs - 12_000, ...change }),
  });

  it('is who does not wait for others, with what it does', () => {
    const trainers = [
      trainer('a', 'running', since({ activity: 'WAITING_PEER', waitingFor: ['b'] })),
      trainer('b', 'running', since({ shardsDone: 3 })),
      trainer('c', 'running', since({ activity: 'WAITING_DATA' })),
      trainer('d', 'idle', since({})),
    ];
    expect(words(trainers)).toEqual({
      seconds: 12.3,
      reason:
        'waits for trainer b:7070: computing, 3 shards done, at step 10 d for 12 s; ' +
        'trainer c:7070: waiting data at step 10 d for 12 s',
    });
  });

  it('is everybody when all wait for others', () => {
    const waits = (waitingFor: string[]) => since({ activity: 'WAITING_PEER', waitingFor });
    const trainers = [trainer('a', 'running', waits(['b'])), trainer('b', 'running', waits(['a', 'c']))];
    expect(words(trainers)?.reason).toBe(
      'waits for trainer a:7070: waiting for 1 peer at step 10 d for 12 s; ' +
        'trainer b:7070: waiting for 2 peers at step 10 d for 12 s',
    );
  });

  it('names five at most', () => {
    const trainers = Array.from({ length: 8 }, (_, i) => trainer(`t${i}`, 'running'));
    expect(words(trainers)?.reason.match(/trainer t/g)).toHaveLength(5);
  });
});
